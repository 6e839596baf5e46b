import { configuredNics, hostNames, resolverOf, sshKeysOf, type Source } from './guest-facts.ts';
import type { Ipconfig } from '../world/world.ts';
import { splitIpv4 } from './ipconfig.ts';

/** The one document of an OpenNebula drive: shell variables. */
export function contextScript(source: Source): string {
  const { config } = source;
  const { nameservers, search } = resolverOf(source);
  const keys = sshKeysOf(config);
  const nics = configuredNics(source);
  const password = config['cipassword'];
  const lines = [
    `USERNAME=${config['ciuser'] ?? 'root'}`,
    ...(password === undefined ? [] : [`CRYPTED_PASSWORD_BASE64=${Buffer.from(password).toString('base64')}`]),
    ...(keys.length === 0 ? [] : [`SSH_PUBLIC_KEY="${keys.join('\n')}"`]),
    ...(nameservers.length === 0 ? [] : [`DNS="${nameservers.join(' ')}"`]),
    `SET_HOSTNAME=${hostNames(source).hostname}`,
    ...(search.length === 0 ? [] : [`SEARCH_DOMAIN="${search.join(' ')}"`]),
    ...nics.flatMap(({ number, mac, addresses }) => [`ETH${number}_MAC=${mac}`, ...variables(number, addresses)]),
    ...(nics.length === 0 ? [] : ['NETWORK=YES']),
  ];
  return `${lines.join('\n')}\n`;
}

function variables(number: string, { ip, gw, ip6, gw6 }: Ipconfig): string[] {
  const set = (name: string, value: string): string => `ETH${number}_${name}=${value}`;
  return [
    ...(ip === undefined ? [] : ip === 'dhcp' ? [set('DHCP', 'YES')] : static4(set, ip)),
    ...(gw === undefined ? [] : [set('GATEWAY', gw)]),
    ...(ip6 === undefined ? [] : [set('IP6', ip6)]),
    ...(gw6 === undefined ? [] : [set('GATEWAY6', gw6)]),
  ];
}

function static4(set: (name: string, value: string) => string, ip: string): string[] {
  const { address, netmask } = splitIpv4(ip);
  return [set('IP', address), set('MASK', netmask)];
}
