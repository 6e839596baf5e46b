// Which machine version a VM is raised to. A version is what QEMU plays for the guest: its chipset as it was in that
// release. It never goes down, since a guest may not know the older one.
import { Fault, invalidSpec } from '#domain/fault';
import { formatMachine, isQ35, type Machine, parseMachine } from '#pve/codec/machine';

export interface MachineSight {
  /** Who is told of in errors: `VM web-server (100123 on pve2)`. */
  readonly subject: string;
  readonly node: string;
  /** Options in force. */
  readonly values: Readonly<Record<string, string>>;
  /** Machine types of the node's QEMU, as PVE names them. */
  readonly offered: readonly string[];
}

type Version = readonly [major: number, minor: number, revision: number];

interface Offer {
  readonly type: string;
  readonly version: Version;
}

const WANTED = 'upgrade the hardware';
/** What PVE gives a Windows guest that does not say with which QEMU it was made (QemuServer::Machine). */
const OLDEST_OF_WINDOWS: Version = [5, 1, 0];

/**
 * The `machine` option to set; undefined where there is nothing to raise.
 * @param target 0: the newest of the node; 1 to 99: the newest with that major version; else major × 100 + minor, so
 * that 902 is 9.2.
 * Throws `invalid-spec` for a version that the node does not have, `precondition` for an older one than is in force.
 */
export function planMachineVersion(sight: MachineSight, target: number): string | undefined {
  const { subject, values } = sight;
  const present = parseMachine(values['machine'] ?? 'pc');
  if (present === undefined || present.type.startsWith('virt')) {
    const why = `its machine type "${values['machine'] ?? ''}" is none of a PC`;
    throw new Fault('unsupported', { subject, wanted: WANTED, why, remedy: 'Change it in PVE' });
  }
  const offers = offersFor(sight, present);
  const newest = offers.at(-1)?.version ?? [0, 0, 0];
  const wanted = target === 0 ? offers.at(-1) : offers.findLast(({ version }) => isMeant(version, target));
  if (wanted === undefined) throw notOffered(sight, offers, target);
  const fixed = versionOf(present.type);
  const inForce = fixed ?? defaultVersion(values) ?? newest;
  const order = compare(wanted.version, inForce);
  if (order < 0) throw downgrade(sight, wanted.version, inForce, fixed === undefined);
  // Without a version a guest gets the newest at every start, unless one is asked for by name.
  const isDone = order === 0 && (fixed !== undefined || target === 0);
  return isDone ? undefined : formatMachine({ ...present, type: wanted.type });
}

/** Whether both types name a version, and that of `wanted` is the older one. */
export function isOlderMachine(wanted: string, present: string): boolean {
  const [one, other] = [versionOf(wanted), versionOf(present)];
  return one !== undefined && other !== undefined && compare(one, other) < 0;
}

/** Of the VM's own chipset, the oldest first. */
function offersFor({ offered }: MachineSight, present: Machine): Offer[] {
  const family = isQ35(present) ? 'pc-q35-' : 'pc-i440fx-';
  return offered
    .filter((type) => type.startsWith(family))
    .flatMap((type) => {
      const version = versionOf(type);
      return version === undefined ? [] : [{ type, version }];
    })
    .sort((a, b) => compare(a.version, b.version));
}

function versionOf(type: string): Version | undefined {
  const [, major, minor, revision = '0'] = /-(\d+)\.(\d+)(?:\.\d+)?(?:\+pve(\d+))?$/.exec(type) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(revision)];
}

/** What PVE starts a guest with whose type names no version; undefined: the newest there is. */
function defaultVersion(values: MachineSight['values']): Version | undefined {
  if (values['ostype']?.startsWith('w') !== true) return undefined;
  const [, major, minor] = /creation-qemu=(\d+)\.(\d+)/.exec(values['meta'] ?? '') ?? [];
  return major === undefined ? OLDEST_OF_WINDOWS : [Number(major), Number(minor), 0];
}

function isMeant([major, minor]: Version, target: number): boolean {
  return target < 100 ? major === target : major * 100 + minor === target;
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

function words([major, minor, revision]: Version): string {
  return `${major}.${minor}${revision === 0 ? '' : `+pve${revision}`}`;
}

function notOffered({ node }: MachineSight, offers: readonly Offer[], target: number): Fault {
  const [oldest, newest] = [offers[0], offers.at(-1)];
  const range =
    oldest === undefined || newest === undefined ? 'none' : `${words(oldest.version)} to ${words(newest.version)}`;
  return invalidSpec(
    'target_version',
    `node ${node} has no machine version ${target} (it has ${range})`,
    'Give 0 for the newest, a major version, or major × 100 + minor, such as 902 for 9.2',
  );
}

function downgrade({ subject }: MachineSight, wanted: Version, inForce: Version, isDefault: boolean): Fault {
  const why = `it has ${words(inForce)}${isDefault ? ', as every VM without a version of its own' : ''}, and ${words(wanted)} is older`;
  return new Fault('precondition', {
    subject,
    wanted: WANTED,
    why,
    remedy: 'Ask for a newer version; nothing is lowered',
  });
}
