import type { Deadline } from '#runtime/deadline';
import { asRow, requiredText } from './answer.ts';
import type { Pve } from './connection/pve.ts';
import { UnexpectedAnswer } from './errors.ts';
import { parseVersion, type PveVersion } from './rules/versions.ts';

/** The version of the node that answers. Any identity may ask. */
export async function readVersion(pve: Pve, call: Deadline): Promise<PveVersion> {
  const text = requiredText(asRow(await pve.get('/version', call), 'version'), 'version', 'version');
  const version = parseVersion(text);
  if (version === undefined) throw new UnexpectedAnswer('the version is none', text);
  return version;
}
