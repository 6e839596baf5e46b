// A guest's own firewall: options and rules (pve-behaviour 19). Nothing is filtered.
import { createHash } from 'node:crypto';
import { everybody, perm } from '../access/rules.ts';
import { perProfile, type Profile } from '../profiles/profile.ts';
import { failure } from '../pve-error.ts';
import { fileDigest, guestParams } from '../schema/endpoint-params.ts';
import { configIdFormat } from '../schema/formats.ts';
import {
  firewallAddressFormat,
  firewallDestinationPortFormat,
  firewallIcmpFormat,
  firewallProtocolFormat,
  firewallSourcePortFormat,
  ifaceFormat,
} from '../schema/network-formats.ts';
import { choice, flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { splitList } from '../world/lists.ts';
import type { FirewallRule, GuestFirewall } from '../world/world.ts';
import { type Call, type Endpoint, intParam, needInt, textParam } from './endpoint.ts';

const BASE = '/nodes/{node}/qemu/{vmid}/firewall';
const audit = perm('/vms/{vmid}', 'VM.Audit');
const modify = perm('/vms/{vmid}', 'VM.Config.Network');
const logLevel = optional(choice('emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug', 'nolog'));
const policy = optional(choice('ACCEPT', 'REJECT', 'DROP'));
const digest = fileDigest;
const deleted = listText(configIdFormat);
const pos = optional(integer({ minimum: 0 }));
const plain = optional(text());

const ruleOptions = (profile: Profile): Schema => ({
  ...guestParams,
  action: text({ minLength: 2, maxLength: 20, pattern: /[A-Za-z][A-Za-z0-9\-_]+/ }),
  comment: plain,
  dest: optional(text({ format: firewallAddressFormat, maxLength: 512 })),
  digest,
  dport: optional(text({ format: firewallDestinationPortFormat })),
  enable: optional(integer({ minimum: 0 })),
  ...(profile.has('firewallIcmpType') ? { 'icmp-type': optional(text({ format: firewallIcmpFormat })) } : {}),
  iface: optional(text({ format: ifaceFormat, minLength: 2, maxLength: 20 })),
  log: logLevel,
  macro: optional(text({ maxLength: 128 })),
  pos,
  proto: optional(text({ format: firewallProtocolFormat })),
  source: optional(text({ format: firewallAddressFormat, maxLength: 512 })),
  sport: optional(text({ format: firewallSourcePortFormat })),
  type: choice('in', 'out', ...(profile.has('firewallForward') ? ['forward'] : []), 'group'),
});

export const QEMU_FIREWALL: readonly Endpoint[] = [
  {
    method: 'GET',
    path: BASE,
    params: guestParams,
    allow: everybody,
    stays: true,
    handle: () => ['aliases', 'ipset', 'log', 'options', 'refs', 'rules'].map((name) => ({ name })),
  },
  {
    method: 'GET',
    path: `${BASE}/options`,
    params: guestParams,
    allow: audit,
    handle: (call) => {
      const { options } = firewallOf(call);
      const numbered = Object.entries(options).map(([key, value]) => [
        key,
        /^\d+$/.test(value) ? Number(value) : value,
      ]);
      return { ...(Object.fromEntries(numbered) as object), digest: digestOf(firewallOf(call)) };
    },
  },
  {
    method: 'PUT',
    path: `${BASE}/options`,
    params: {
      ...guestParams,
      delete: deleted,
      dhcp: flag(),
      digest,
      enable: flag(),
      ipfilter: flag(),
      log_level_in: logLevel,
      log_level_out: logLevel,
      macfilter: flag(),
      ndp: flag(),
      policy_in: policy,
      policy_out: policy,
      radv: flag(),
    },
    allow: modify,
    handle: (call) => {
      const { options, rules } = checked(call);
      const changed = { ...options, ...sent(call) };
      for (const key of splitList(textParam(call.params, 'delete') ?? '')) delete changed[key];
      store(call, { options: changed, rules });
    },
  },
  {
    method: 'GET',
    path: `${BASE}/rules`,
    params: guestParams,
    allow: audit,
    stays: true,
    handle: (call) => firewallOf(call).rules.map((_, index) => ruleView(firewallOf(call), index)),
  },
  {
    method: 'POST',
    path: `${BASE}/rules`,
    params: perProfile(ruleOptions),
    allow: modify,
    stays: true,
    // New rules come first.
    handle: (call) => {
      const { options, rules } = checked(call);
      store(call, { options, rules: [{ enable: '0', ...sent(call) }, ...rules] });
    },
  },
  {
    method: 'GET',
    path: `${BASE}/rules/{pos}`,
    params: { ...guestParams, pos },
    allow: audit,
    stays: true,
    handle: (call) => ruleView(firewallOf(call), place(call)),
  },
  {
    method: 'PUT',
    path: `${BASE}/rules/{pos}`,
    params: perProfile((profile) => {
      const { action = text(), type = text(), ...rest } = ruleOptions(profile);
      return { ...rest, action: optional(action), delete: deleted, moveto: pos, type: optional(type) };
    }),
    allow: modify,
    stays: true,
    handle: changeRule,
  },
  {
    method: 'DELETE',
    path: `${BASE}/rules/{pos}`,
    params: { ...guestParams, digest, pos },
    allow: modify,
    stays: true,
    handle: (call) => {
      const { options, rules } = checked(call);
      store(call, { options, rules: rules.toSpliced(place(call), 1) });
    },
  },
];

const NOTHING: GuestFirewall = { options: {}, rules: [] };

function firewallOf({ sim, params }: Call): GuestFirewall {
  return sim.world.guests[needInt(params, 'vmid')]?.firewall ?? NOTHING;
}

/** @throws where the caller has seen another state */
function checked(call: Call): GuestFirewall {
  const firewall = firewallOf(call);
  const seen = textParam(call.params, 'digest') ?? '';
  if (seen !== '' && seen !== digestOf(firewall))
    throw failure('detected modified configuration - file changed by other user? Try again.');
  return firewall;
}

function store({ sim, params }: Call, firewall: GuestFirewall): void {
  const guest = sim.world.guests[needInt(params, 'vmid')];
  if (guest !== undefined) guest.firewall = firewall;
}

function digestOf(firewall: GuestFirewall): string {
  return createHash('sha1').update(JSON.stringify(firewall)).digest('hex');
}

function sent({ params }: Call): Record<string, string> {
  const { node: _, vmid: __, digest: ___, delete: ____, pos: _____, moveto: ______, ...rest } = params;
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)]));
}

/** @throws where there are fewer rules */
function place(call: Call): number {
  const at = intParam(call.params, 'pos') ?? 0;
  if (at >= firewallOf(call).rules.length) throw failure(`no rule at position ${at}`);
  return at;
}

function ruleView(firewall: GuestFirewall, at: number): Record<string, unknown> {
  const { enable, ...rule }: FirewallRule = firewall.rules[at] ?? {};
  return { ...rule, enable: Number(enable ?? 0), pos: at, digest: digestOf(firewall) };
}

function changeRule(call: Call): void {
  const { options, rules } = checked(call);
  const at = place(call);
  const moveTo = intParam(call.params, 'moveto');
  const rule = { ...rules[at], ...(moveTo === undefined ? sent(call) : {}) };
  for (const key of splitList(textParam(call.params, 'delete') ?? '')) delete rule[key];
  const others = rules.toSpliced(at, 1);
  // Moved down, it stands before the rule that was at that place.
  const target = moveTo === undefined ? at : moveTo > at ? moveTo - 1 : moveTo;
  store(call, { options, rules: others.toSpliced(target, 0, rule) });
}
