import type { PowerState } from '#domain/power';
import { type PowerFacts, readPower } from '#pve/rules/power';

/**
 * The manager's three words for PVE's many. Off means that no QEMU runs: a paused guest, one that an error holds and
 * one on its way hold their memory and go on from where they are, so they are On. Undefined where PVE does not know.
 */
export function powerState(facts: PowerFacts): PowerState | undefined {
  switch (readPower(facts)) {
    case 'running':
    case 'paused':
    case 'sleeping':
    case 'failed':
    case 'transient':
      return 'On';
    case 'stopped':
    case 'suspended':
      return 'Off';
    case 'unknown':
      return undefined;
  }
}
