import type { PowerOp } from '#domain/power';
import type { PowerCall } from '#pve/qemu/status';
import type { PowerReading } from '#pve/rules/power';

/** What to do next: nothing any more, look again later, one call of PVE, or say why not. */
export type PowerAct =
  | 'done'
  | 'wait'
  | PowerCall
  | { readonly refuse: { readonly why: string; readonly remedy: string } };

const failed: PowerAct = {
  refuse: {
    why: 'QEMU has halted the guest after an error (I/O, panic or watchdog)',
    remedy: 'Mend the cause, then power it off (Off) and on',
  },
};
const asleep: PowerAct = {
  refuse: { why: 'the guest is paused and cannot react', remedy: 'Resume it (On) or power it off (Off)' },
};

/**
 * Every operation in every state of PVE's. Rebooting a VM that is off starts it: after a lost answer the same request
 * meets the VM between the two halves of its own reboot.
 */
const TABLE: Readonly<Record<PowerOp, Readonly<Record<PowerReading, PowerAct>>>> = {
  on: {
    running: 'done',
    paused: 'resume',
    sleeping: 'resume',
    failed,
    transient: 'wait',
    stopped: 'start',
    suspended: 'start',
    unknown: 'wait',
  },
  off: {
    running: 'stop',
    paused: 'stop',
    sleeping: 'stop',
    failed: 'stop',
    transient: 'stop',
    stopped: 'done',
    suspended: 'done',
    unknown: 'wait',
  },
  reboot: {
    running: 'reboot',
    paused: asleep,
    sleeping: asleep,
    failed,
    transient: 'wait',
    stopped: 'start',
    suspended: 'start',
    unknown: 'wait',
  },
  shutdown: {
    running: 'shutdown',
    paused: asleep,
    sleeping: asleep,
    failed,
    transient: 'wait',
    stopped: 'done',
    suspended: 'done',
    unknown: 'wait',
  },
};

export function powerAct(op: PowerOp, reading: PowerReading): PowerAct {
  return TABLE[op][reading];
}
