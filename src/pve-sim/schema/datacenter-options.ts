// The options of the whole datacenter (`datacenter.cfg`), as `PUT /cluster/options` takes them.
import { type Profile, perProfile } from '../profiles/profile.ts';
import { words } from '../world/words.ts';
import { emailFormat } from './access-formats.ts';
import { cidrFormat, macPrefixFormat } from './formats.ts';
import { KEYBOARDS } from './keyboards.ts';
import { choice, flag, integer, number, optional, type Property, type Schema, text } from './property.ts';
import { propertyFormat } from './property-format.ts';

const TAG = '[a-zA-Z0-9_][a-zA-Z0-9_\\-+.]*';
const TAG_LIST = new RegExp(`(?:${TAG};)*${TAG}`);
const COLOUR = `${TAG}:[0-9a-fA-F]{6}(?::[0-9a-fA-F]{6})?`;
const COLOURS = new RegExp(`(?:${COLOUR})(?:;(?:${COLOUR}))*`);

/** Options that are a property string themselves, with their keys. */
const structured = perProfile((profile): Readonly<Record<string, Schema>> => {
  const limit = optional(number({ minimum: 0 }));
  const transport = { network: optional(text({ format: cidrFormat })), type: choice('secure', 'insecure') };
  const target = optional(text());
  const often = optional(choice('always', 'never'));
  return {
    bwlimit: { clone: limit, default: limit, migration: limit, move: limit, restore: limit },
    ...(profile.has('tagPolicy') ? { crs: crs(profile) } : {}),
    ha: { shutdown_policy: choice('freeze', 'failover', 'conditional', 'migrate') },
    migration: transport,
    'next-id': { lower: optional(integer()), upper: optional(integer()) },
    ...(profile.has('notificationOptions')
      ? {
          notify: {
            fencing: often,
            'package-updates': optional(choice('auto', 'always', 'never')),
            replication: often,
            'target-fencing': target,
            'target-package-updates': target,
            'target-replication': target,
          },
        }
      : {}),
    ...(profile.has('replicationNetwork') ? { replication: transport } : {}),
    ...(profile.has('tagPolicy')
      ? {
          'tag-style': {
            'case-sensitive': flag(),
            'color-map': optional(text({ pattern: COLOURS })),
            ordering: optional(choice('config', 'alphabetical')),
            shape: optional(choice('full', 'circle', 'dense', 'none')),
          },
          'user-tag-access': {
            'user-allow': optional(choice('none', 'list', 'existing', 'free')),
            'user-allow-list': optional(text({ pattern: TAG_LIST })),
          },
        }
      : {}),
    u2f: { appid: optional(text()), origin: optional(text()) },
    webauthn: { 'allow-subdomains': flag(), id: optional(text()), origin: optional(text()), rp: optional(text()) },
  };
});

/** How guests under HA are spread. */
function crs(profile: Profile): Schema {
  const modes = profile.has('dynamicHaScheduling') ? ['basic', 'static', 'dynamic'] : ['basic', 'static'];
  const percent = optional(number({ minimum: 0, maximum: 100, requires: 'ha-auto-rebalance' }));
  return {
    ha: optional(choice(...modes)),
    'ha-rebalance-on-start': flag(),
    ...(profile.has('dynamicHaScheduling')
      ? {
          'ha-auto-rebalance': flag(),
          'ha-auto-rebalance-hold-duration': optional(number({ minimum: 0, requires: 'ha-auto-rebalance' })),
          'ha-auto-rebalance-margin': percent,
          'ha-auto-rebalance-method': {
            ...choice('bruteforce', 'topsis'),
            optional: true,
            requires: 'ha-auto-rebalance',
          },
          'ha-auto-rebalance-threshold': percent,
        }
      : {}),
  };
}

const location = propertyFormat(
  {
    schema: {
      latitude: number({ minimum: -90, maximum: 90 }),
      longitude: number({ minimum: -180, maximum: 180 }),
      name: optional(text()),
    },
  },
  'pve-node-location',
);

const DEFAULT_KEYS: Readonly<Record<string, string>> = { migration: 'type', replication: 'type' };

const LANGUAGES = words('ar ca da de en es eu fa fr hr he it ja ka kr nb nl nn pl pt_BR ru sl sv tr ukr zh_CN zh_TW');

export const datacenterOptions = perProfile(
  (profile): Schema => ({
    ...Object.fromEntries(
      Object.entries(structured(profile)).map(([name, keys]): [string, Property] => {
        const defaultKey = DEFAULT_KEYS[name];
        const format = propertyFormat({ schema: keys, ...(defaultKey === undefined ? {} : { defaultKey }) });
        return [name, optional(text({ format }))];
      }),
    ),
    ...(profile.has('consentText') ? { 'consent-text': optional(text({ maxLength: 65536 })) } : {}),
    console: optional(choice('applet', 'vv', 'html5', 'xtermjs')),
    description: optional(text({ maxLength: 65536 })),
    email_from: optional(text({ format: emailFormat })),
    fencing: optional(choice('watchdog', 'hardware', 'both')),
    http_proxy: optional(text({ pattern: /http:\/\/.*/ })),
    keyboard: optional(choice(...KEYBOARDS)),
    language: optional(choice(...LANGUAGES)),
    ...(profile.has('nodeLocation') ? { location: optional(text({ format: location })) } : {}),
    mac_prefix: optional(text({ format: macPrefixFormat })),
    max_workers: optional(integer({ minimum: 1 })),
    migration_unsecure: flag(),
    ...(profile.has('tagPolicy') ? { 'registered-tags': optional(text({ pattern: TAG_LIST })) } : {}),
  }),
);

/** The keys of an option that reads back as an object; undefined for one that reads back as text. */
export function keysOfOption(profile: Profile, name: string): Schema | undefined {
  return name === 'bwlimit' ? undefined : structured(profile)[name];
}

export function defaultKeyOf(name: string): string | undefined {
  return DEFAULT_KEYS[name];
}
