// Takes rights away from a provider in the middle of its work, as an administrator does.
import type { Simulator } from '#pve-sim/simulator';

export type Subject = 'user' | 'token';

/**
 * Takes one privilege on `path`, for the user or for the API token, and leaves the others: the entry of that very path is
 * replaced, or one is put below the one that reaches down to it.
 * @returns gives it back
 */
export function revoke(sim: Simulator, privilege: string, path: string, subjects: readonly Subject[]): () => void {
  const { access } = sim.world;
  const before = access.acl;
  for (const subject of subjects.map((one) => subjectOf(sim, one))) {
    const entry = nearest(access.acl, path, subject);
    if (entry === undefined) throw new Error(`${subject} has nothing on ${path}`);
    const role = `${entry.role}-without-${privilege}`;
    access.roles[role] = (access.roles[entry.role] ?? []).filter((name) => name !== privilege);
    const rest = access.acl.filter((one) => one !== entry || one.path !== path);
    access.acl = [...rest, { path, subject, role, propagate: true }];
  }
  return () => {
    access.acl = before;
  };
}

/** Takes everything on `path`: an entry that PVE's own list of one's privileges does not show. @returns gives it back */
export function forbid(sim: Simulator, path: string, subjects: readonly Subject[]): () => void {
  const { access } = sim.world;
  const before = access.acl;
  const entries = subjects.map((one) => ({ path, subject: subjectOf(sim, one), role: 'NoAccess', propagate: true }));
  access.acl = [...before, ...entries];
  return () => {
    access.acl = before;
  };
}

export function subjectOf(sim: Simulator, subject: Subject): string {
  return subject === 'token' ? sim.token.id : sim.token.id.replace(/!.*/, '');
}

type Acl = Simulator['world']['access']['acl'];

function nearest(acl: Acl, path: string, subject: string): Acl[number] | undefined {
  const reaching = acl.filter(
    (one) => one.subject === subject && (one.path === path || one.path === '/' || path.startsWith(`${one.path}/`)),
  );
  return reaching.toSorted((a, b) => b.path.length - a.path.length)[0];
}
