import { formatProperties, parseFlag, parseProperties, type Properties, restOf } from './property-string.ts';

/** The `agent` option: whether PVE talks to the guest's agent. */
export interface Agent {
  readonly enabled: boolean;
  /** `fstrim_cloned_disks`, `type`, `freeze-fs-on-backup`, ..., as stored. */
  readonly rest?: Properties | undefined;
}

export function parseAgent(text: string): Agent | undefined {
  const properties = parseProperties(text, 'enabled');
  if (properties === undefined) return undefined;
  const enabled = properties['enabled'] === undefined ? false : parseFlag(properties['enabled']);
  return enabled === undefined ? undefined : { enabled, rest: restOf(properties, ['enabled']) };
}

export function formatAgent(agent: Agent): string {
  return formatProperties({ ...agent.rest, enabled: agent.enabled }, 'enabled');
}
