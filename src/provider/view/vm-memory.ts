// What this process remembers of single VMs between calls. All of it can be found out again from PVE.
import type { Ownership } from '#claim/ownership';
import type { Quiet } from '#claim/quiet';
import type { PowerState } from '#domain/power';
import type { NodeName, Vmid } from '#pve/ids';
import type { GuestInterface } from '#pve/qemu/agent';
import type { PendingChange } from '#pve/qemu/pending';
import type { Snapshot } from '#pve/qemu/snapshots';
import type { Clock } from '#runtime/clock';

/** What the cluster's view does not show of a VM. Times are ms of the clock. */
export interface VmDetails {
  readonly node: NodeName;
  readonly ownership: Ownership;
  readonly digest: string;
  readonly lock: string | undefined;
  /** Options in force. */
  readonly values: Readonly<Record<string, string>>;
  readonly pending: readonly PendingChange[];
  /** Options that PVE's cloud-init drive gets at the next start. */
  readonly seedPending: readonly string[];
  readonly snapshots: readonly Snapshot[];
  readonly readAt: number;
  readonly readAgainAt: number;
}

/** What is known of a VM's agent. Times are ms of the clock. */
export interface Agent {
  ips: readonly string[];
  /** Of our NICs alone: where `ips` come from. */
  interfaces: readonly GuestInterface[];
  /** Probes without an answer since the last one that had one. */
  silentProbes: number;
  nextProbeAt: number;
  probing: Promise<void> | undefined;
}

export interface VmRecord {
  /** When an operation of ours last changed the VM, ms of the clock. */
  touchedAt: number | undefined;
  /** The state that was last told. */
  told: PowerState | undefined;
  details: VmDetails | undefined;
  agent: Agent;
  /** When PVE's cluster first called the id free with quorum; a second time later is proof. */
  freeSince: number | undefined;
  /** A destroy of ours ended well, and the id has not been seen since. */
  isDestroyed: boolean;
  /** When a destroy of ours was last sent for this id, ms of the clock: it may arrive late. */
  destroySentAt: number | undefined;
  /** A create of this process is at work on the VM. */
  isBeingMade: boolean;
  /** The name of the VM that this process has copied here, or taken up, and not finished. */
  unfinished: string | undefined;
  /** A create that had outlived its call has ended without success, and nobody works on the VM any more. */
  createHasFailed: boolean;
  /** What has been seen of a VM that is not finished. */
  quiet: Quiet | undefined;
  /** What was plugged while it ran and the guest did not show when it was asked, ms of the clock. */
  unconfirmed: { readonly what: string; readonly askedAt: number } | undefined;
  /** A graceful shutdown that the guest did not follow is not tried again before this moment, ms of the clock. */
  shutdownNotBefore: number | undefined;
}

export interface VmMemory {
  /** The record of a VM, made where there is none. */
  of(vmid: Vmid): VmRecord;
  /** The record of a VM, where there is one. */
  peek(vmid: Vmid): Readonly<VmRecord> | undefined;
  /** To be called after every change of ours: from now on the VM is read directly until the view has caught up. */
  touch(vmid: Vmid): void;
  /** To be called when PVE shows the VM: whatever spoke for its absence is void. */
  seen(vmid: Vmid): void;
  /** To be called when a destroy of ours has ended well. */
  destroyed(vmid: Vmid): void;
}

export function createVmMemory(clock: Clock): VmMemory {
  const records = new Map<Vmid, VmRecord>();
  function of(vmid: Vmid): VmRecord {
    const record = records.get(vmid) ?? newRecord();
    records.set(vmid, record);
    return record;
  }
  function seen(vmid: Vmid): void {
    const record = of(vmid);
    record.isDestroyed = false;
    record.freeSince = undefined;
  }
  return {
    of,
    peek: (vmid) => records.get(vmid),
    seen,
    touch: (vmid) => {
      seen(vmid);
      const record = of(vmid);
      record.touchedAt = clock.now();
      record.details = undefined;
      record.agent.silentProbes = 0;
      record.agent.nextProbeAt = 0;
    },
    destroyed: (vmid) =>
      void records.set(vmid, { ...newRecord(), isDestroyed: true, destroySentAt: records.get(vmid)?.destroySentAt }),
  };
}

function newRecord(): VmRecord {
  return {
    touchedAt: undefined,
    told: undefined,
    details: undefined,
    agent: { ips: [], interfaces: [], silentProbes: 0, nextProbeAt: 0, probing: undefined },
    freeSince: undefined,
    isDestroyed: false,
    destroySentAt: undefined,
    isBeingMade: false,
    unfinished: undefined,
    createHasFailed: false,
    quiet: undefined,
    unconfirmed: undefined,
    shutdownNotBefore: undefined,
  };
}
