import { type Agent, formatAgent, parseAgent } from '#pve/codec/agent';
import type { GuestToolsPolicy } from '#domain/vm-spec';
import { type Facet, optionChanges } from '../facet.ts';

const ENABLED: Readonly<Record<GuestToolsPolicy, boolean | undefined>> = {
  install: true,
  upgrade: true,
  skip: undefined,
  uninstall: false,
};

/**
 * Whether PVE talks to the guest's agent. What is inside the guest nobody can change from here; a guest without an agent
 * is shut down by ACPI all the same. Other options of the template stay, and a VM in use is left alone by a class that says
 * nothing.
 */
export const agent: Facet = {
  name: 'agent',
  live: [{ change: 'whether PVE talks to the guest agent', live: 'restart' }],
  diff: ({ spec }, have) => {
    const enabled = ENABLED[spec.size.guestTools ?? (have.inUse === undefined ? 'install' : 'skip')];
    const present: Agent = parseAgent(have.values['agent'] ?? '0') ?? { enabled: false };
    if (enabled === undefined || present.enabled === enabled) return {};
    return optionChanges(have, { agent: formatAgent({ ...present, enabled }) });
  },
};
