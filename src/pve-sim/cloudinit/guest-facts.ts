// What the documents are made of: a guest's config and the host's resolver.
import { isNicKey, parseNic } from '../world/net.ts';
import type { Ipconfig, Resolver } from '../world/world.ts';
import { parseIpconfig } from './ipconfig.ts';

/** A guest's options by name, and what its host would use where they are silent. */
export interface Source {
  readonly vmid: number;
  readonly config: Readonly<Record<string, string>>;
  readonly resolver: Resolver;
}

export function hostNames({ vmid, config }: Source): { hostname: string; fqdn: string } {
  const name = config['name'] ?? `VM${vmid}`;
  const searchDomain = config['searchdomain'];
  const [hostname = name] = name.split('.');
  const fqdn = name.includes('.') || searchDomain === undefined ? name : `${name}.${searchDomain}`;
  return { hostname, fqdn };
}

/** Split on blanks alone: a comma stays part of an address (pve-behaviour 27.9). */
export function resolverOf({ config, resolver }: Source): Resolver {
  const words = (text: string | undefined): string[] | undefined => text?.split(/\s+/).filter((word) => word !== '');
  return {
    nameservers: words(config['nameserver']) ?? resolver.nameservers,
    search: words(config['searchdomain']) ?? resolver.search,
  };
}

export interface ConfiguredNic {
  /** `0` of net0 */
  readonly number: string;
  /** In lower case. */
  readonly mac: string;
  readonly addresses: Ipconfig;
}

/** NICs without an ipconfig are left out altogether (pve-behaviour 18.3). */
export function configuredNics({ config }: Pick<Source, 'config'>): ConfiguredNic[] {
  return Object.keys(config)
    .filter(isNicKey)
    .sort()
    .flatMap((key) => {
      const number = key.slice('net'.length);
      const wanted = config[`ipconfig${number}`];
      if (wanted === undefined) return [];
      const mac = (parseNic(config[key] ?? '').mac ?? '').toLowerCase();
      return [{ number, mac, addresses: parseIpconfig(wanted) }];
    });
}

/** Percent-encoded in the config, one key a line. */
export function sshKeysOf(config: Readonly<Record<string, string>>): string[] {
  return unescapeSshKeys(config['sshkeys'] ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A `%` that no code follows stays as it is. */
function unescapeSshKeys(value: string): string {
  return value.replace(/(?:%[0-9a-f]{2})+/gi, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString());
}
