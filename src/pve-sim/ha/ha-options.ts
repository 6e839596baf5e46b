// What an HA resource, group and rule may say.
import { perProfile } from '../profiles/profile.ts';
import { configIdFormat, haNodeFormat, haResourceFormat } from '../schema/formats.ts';
import { choice, flag, integer, listText, optional, type Property, type Schema, text } from '../schema/property.ts';

const comment = optional(text({ maxLength: 4096 }));
const count = optional(integer({ minimum: 0 }));
const nodes = listText(haNodeFormat);

export const resourceOptions = perProfile(
  (profile): Schema => ({
    comment,
    ...(profile.has('haRules') ? { failback: flag() } : {}),
    group: optional(text({ format: configIdFormat })),
    max_relocate: count,
    max_restart: count,
    state: optional(choice('started', 'stopped', 'enabled', 'disabled', 'ignored')),
  }),
);

export const GROUP_OPTIONS: Schema = {
  comment,
  nodes: { ...nodes, optional: false },
  nofailback: flag(),
  restricted: flag(),
};

export const RULE_TYPES: Property = choice('node-affinity', 'resource-affinity');

export const RULE_OPTIONS: Schema = {
  affinity: optional(choice('positive', 'negative')),
  comment,
  disable: flag(),
  nodes,
  resources: { ...listText(haResourceFormat), optional: false },
  strict: flag(),
};

/** Options that only one type of rule has; the others have all. */
export const RULE_OPTIONS_OF: Readonly<Record<string, { readonly own: readonly string[]; readonly needs: string }>> = {
  'node-affinity': { own: ['nodes', 'strict'], needs: 'nodes' },
  'resource-affinity': { own: ['affinity'], needs: 'affinity' },
};
