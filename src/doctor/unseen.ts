// What could not be looked at. An answer that leaves it out would be a lie.
import { isNodeDown, isNodeLost, PveError, PveNoAnswer, pveWords } from '#pve/errors';

export interface Unseen {
  /** `node pve3`, `VM 100123 on pve1`. */
  readonly what: string;
  readonly why: string;
  /** What would show it: a sentence without the final stop. */
  readonly remedy: string;
}

/** What PVE's answer about `what` means for whoever looks; throws what is no answer of PVE's about it. */
export function unseen(what: string, error: unknown): Unseen {
  if (error instanceof PveNoAnswer) {
    const why = `no answer from ${error.endpoint} (${error.code})`;
    return { what, why, remedy: 'Look again once it answers' };
  }
  if (!(error instanceof PveError)) throw error;
  const isSilent: boolean = isNodeDown(error) || isNodeLost(error);
  if (isSilent) {
    return { what, why: `its node does not answer ("${error.reason}")`, remedy: 'Look again once the node is back' };
  }
  const why = `PVE says "${pveWords(error)}"`;
  if (error.status !== 403) return { what, why, remedy: 'Put it right in PVE and look again' };
  const [, path, privilege] = /\((\/[^,]*), ([\w.|]+)\)/.exec(error.message) ?? [];
  if (path === undefined || privilege === undefined) {
    return { what, why, remedy: 'Grant the privilege to the user and to the API token' };
  }
  return { what, why, remedy: grant(privilege.replaceAll('|', ' or '), path) };
}

/** Both need it, since the token's rights are cut down to what both have. */
export function grant(privilege: string, path: string): string {
  return `Grant ${privilege} on ${path} to the user and to the API token`;
}
