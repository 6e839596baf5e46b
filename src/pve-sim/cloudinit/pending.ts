// What a running guest's cloud-init drive does not have yet, as `GET .../cloudinit` shows it (pve-behaviour 10, recording
// one-node/42).
import type { Guest } from '../world/world.ts';
import { splitList } from '../world/lists.ts';
import { PASSWORD_MASK } from './password.ts';

/** The options the list goes through, in no order; an ipconfig shows only where it was added or deleted. */
const LISTED = ['cicustom', 'cipassword', 'citype', 'ciupgrade', 'ciuser', 'nameserver', 'searchdomain', 'sshkeys'];

export interface CloudInitRow {
  readonly key: string;
  /** As the drive has it. */
  readonly value?: string | number;
  readonly pending?: string | number;
  readonly delete?: 1;
}

export function cloudInitRows(guest: Guest): CloudInitRow[] {
  const { config } = guest;
  const { added: addedText = '', ...onDrive } = guest.cloudinit;
  const added = splitList(addedText);
  const isSet = (key: string): boolean => config[key] !== undefined && config[key] !== '0';
  const changed = LISTED.filter((key) => isSet(key) && !added.includes(key)).map((key): CloudInitRow => {
    const old = onDrive[key];
    const now = shown(key, config[key] ?? '');
    return old === undefined ? { key, value: now } : { key, value: shown(key, old), pending: now };
  });
  return [
    ...added.map((key): CloudInitRow => ({ key, pending: shown(key, config[key] ?? '') })),
    ...changed,
    ...Object.keys(onDrive)
      .filter((key) => !isSet(key))
      .map((key): CloudInitRow => ({ key, delete: 1 })),
  ];
}

/** Whether the drive lags behind. */
export function isBehind(guest: Guest): boolean {
  return cloudInitRows(guest).some((row) => row.pending !== undefined || row.delete !== undefined);
}

function shown(key: string, value: string): string | number {
  if (key === 'cipassword') return PASSWORD_MASK;
  return key === 'ciupgrade' ? Number(value) : value;
}
