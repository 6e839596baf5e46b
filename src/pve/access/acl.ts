import type { Deadline } from '#runtime/deadline';
import { asRows, textOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';

/**
 * The paths that have entries of their own in the ACL, whoever they are for. Needs Sys.Audit on /access; without it PVE
 * leaves out what we may not hand out rights on, and says nothing (pve-behaviour 5.1).
 */
export async function listAclPaths(pve: Pve, call: Deadline): Promise<ReadonlySet<string>> {
  const rows = asRows(await pve.get('/access/acl', call), 'access control list');
  return new Set(rows.flatMap((row) => textOf(row, 'path') ?? []));
}
