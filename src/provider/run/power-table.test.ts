import { describe, expect, it } from 'vitest';
import type { PowerOp } from '#domain/power';
import { type PowerReading, readPower } from '#pve/rules/power';
import { powerState } from '../read/power-state.ts';
import { powerAct } from './power-table.ts';

// Rows: what PVE says, what the manager is told, and what each operation does then.
const rows: [string, Parameters<typeof readPower>[0], string | undefined, Record<PowerOp, string>][] = [
  [
    'running',
    { status: 'running', qmpStatus: 'running' },
    'On',
    { on: 'done', off: 'stop', reboot: 'reboot', shutdown: 'shutdown' },
  ],
  [
    'paused',
    { status: 'running', qmpStatus: 'paused' },
    'On',
    { on: 'resume', off: 'stop', reboot: 'refuse', shutdown: 'refuse' },
  ],
  [
    'asleep',
    { status: 'running', qmpStatus: 'suspended' },
    'On',
    { on: 'resume', off: 'stop', reboot: 'refuse', shutdown: 'refuse' },
  ],
  [
    'halted by an I/O error',
    { status: 'running', qmpStatus: 'io-error' },
    'On',
    { on: 'refuse', off: 'stop', reboot: 'refuse', shutdown: 'refuse' },
  ],
  [
    'halted by an internal error',
    { status: 'running', qmpStatus: 'internal-error' },
    'On',
    { on: 'refuse', off: 'stop', reboot: 'refuse', shutdown: 'refuse' },
  ],
  [
    'panicked',
    { status: 'running', qmpStatus: 'guest-panicked' },
    'On',
    { on: 'refuse', off: 'stop', reboot: 'refuse', shutdown: 'refuse' },
  ],
  [
    'about to run',
    { status: 'running', qmpStatus: 'prelaunch' },
    'On',
    { on: 'wait', off: 'stop', reboot: 'wait', shutdown: 'wait' },
  ],
  [
    'migrating in',
    { status: 'running', qmpStatus: 'inmigrate' },
    'On',
    { on: 'wait', off: 'stop', reboot: 'wait', shutdown: 'wait' },
  ],
  [
    'hibernating',
    { status: 'running', qmpStatus: 'running', lock: 'suspending' },
    'On',
    { on: 'wait', off: 'stop', reboot: 'wait', shutdown: 'wait' },
  ],
  [
    'stopped',
    { status: 'stopped', qmpStatus: 'stopped' },
    'Off',
    { on: 'start', off: 'done', reboot: 'start', shutdown: 'done' },
  ],
  [
    'hibernated',
    { status: 'stopped', lock: 'suspended' },
    'Off',
    { on: 'start', off: 'done', reboot: 'start', shutdown: 'done' },
  ],
  ['unknown', { status: 'unknown' }, undefined, { on: 'wait', off: 'wait', reboot: 'wait', shutdown: 'wait' }],
  [
    'a word of a later QEMU',
    { status: 'running', qmpStatus: 'daydreaming' },
    undefined,
    { on: 'wait', off: 'wait', reboot: 'wait', shutdown: 'wait' },
  ],
];

describe('a guest that is', () => {
  it.each(rows)('%s', (_title, facts, told, acts) => {
    const reading: PowerReading = readPower(facts);
    expect(powerState(facts)).toBe(told);
    for (const [op, act] of Object.entries(acts)) {
      const next = powerAct(op as PowerOp, reading);
      expect(typeof next === 'string' ? next : 'refuse', op).toBe(act);
    }
  });
});
