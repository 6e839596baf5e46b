// The kinds of Kubernetes itself that are served, as a list.
import { CUSTOM_RESOURCE_DEFINITIONS } from './custom-resource-definitions.ts';
import { EVENTS, EVENTS_OF_GROUP } from './events.ts';
import type { Kind } from './kind.ts';
import { LEASES } from './leases.ts';
import { NAMESPACES } from './namespaces.ts';
import { ownKind } from './own-kind.ts';
import { CONFIG_MAPS, SECRETS } from './secrets.ts';

/** Whose updates have to name the version they are made from. */
const CONDITIONAL = { unconditionalUpdate: false };

export const OWN_KINDS: readonly Kind[] = [
  CONFIG_MAPS,
  EVENTS,
  NAMESPACES,
  SECRETS,
  ownKind('serviceaccounts', CONDITIONAL),
  EVENTS_OF_GROUP,
  CUSTOM_RESOURCE_DEFINITIONS,
  LEASES,
];

/** CRDs alone: an API server of nothing but custom kinds, where any namespace will do. */
export const CUSTOM_ONLY: readonly Kind[] = [CUSTOM_RESOURCE_DEFINITIONS];
