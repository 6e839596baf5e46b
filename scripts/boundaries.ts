// Who may know whom. One row per room of src/; test/repo/boundaries.test.ts reads every import against it.
// A change of the design changes a row here, in the commit that needs it.

export interface Room {
  /** Other rooms, or folders and files of theirs, named from src/. */
  readonly rooms: readonly string[];
  /** As `rooms`, by `import type` only. */
  readonly types?: readonly string[];
  /** The only packages and Node.js modules it may use; absent: any. */
  readonly libraries?: readonly string[];
}

/** Keyed by folder under src/. A folder within a room that has a row of its own answers to that row alone. */
export const ROOMS: Readonly<Record<string, Room>> = {
  domain: { rooms: [], libraries: [] },
  claim: { rooms: ['domain'], types: ['pve/ids'], libraries: ['node:crypto'] },
  cloudinit: { rooms: ['domain'], libraries: ['yaml', 'node:crypto'] },
  runtime: { rooms: [] },
  rpc: { rooms: ['domain', 'runtime'] },
  crd: { rooms: ['domain'], libraries: ['zod', 'yaml'] },
  pve: { rooms: ['runtime'] },
  'pve/codec': { rooms: [], libraries: [] },
  'pve/rules': { rooms: [], libraries: [] },
  'pve-sim': { rooms: ['runtime'] },
  kube: { rooms: ['runtime'] },
  'kube-sim': { rooms: ['runtime'] },
  provider: { rooms: ['domain', 'claim', 'cloudinit', 'rpc', 'pve', 'runtime'] },
  'provider/plan': {
    rooms: ['domain', 'claim', 'cloudinit', 'pve/codec', 'pve/rules'],
    types: ['pve'],
    libraries: [],
  },
  manager: { rooms: ['domain', 'rpc', 'crd', 'kube', 'runtime'] },
  doctor: { rooms: ['domain', 'claim', 'cloudinit/file-name', 'pve', 'runtime'] },
  cli: { rooms: ['domain', 'claim', 'rpc', 'crd', 'kube', 'pve', 'doctor', 'runtime'] },
  loadgen: { rooms: ['domain', 'rpc', 'crd', 'kube', 'runtime'] },
};

/** Folders beside src/ that may import everything. Programs start here; nothing in src/ imports from them. */
export const OUTSIDE: readonly string[] = ['bin', 'test', 'bench', 'scripts'];
