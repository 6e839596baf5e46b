// The documents of a cloud-init drive in the three formats there are, and what `dump` shows of them (pve-behaviour 18.4).
import { createHash } from 'node:crypto';
import { failure } from '../pve-error.ts';
import { isWindows } from '../world/guests.ts';
import type { Seed } from '../world/world.ts';
import { contextScript } from './context-script.ts';
import { configuredNics, type Source } from './guest-facts.ts';
import { configDriveNetwork, nocloudNetwork } from './network-documents.ts';
import { userData } from './user-data.ts';

/** Documents of the user's own in place of the generated ones (pve-behaviour 18.5). */
export interface CustomDocuments {
  readonly user?: string;
  readonly network?: string;
  readonly meta?: string;
  readonly vendor?: string;
}

const LARGEST_BYTES = 3 * 1024 * 1024;
const MIB_TEXT = '3 MiB';

export function makeSeed(source: Source, custom: CustomDocuments): Seed {
  const format = formatOf(source.config);
  // An OpenNebula drive has no room for documents of the user's own.
  if (format === 'opennebula') {
    const script = contextScript(source);
    return seed('CONTEXT', sha1(script), { '/context.sh': script }, source);
  }
  const user = custom.user ?? userData(source);
  const network = custom.network ?? networkDocument(source);
  const meta = custom.meta ?? metaDocument(source, user, network);
  const vendor = custom.vendor ?? '';
  const bytes = [user, network, meta, vendor].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > LARGEST_BYTES) throw failure(`Cloud-Init sum of snippets too big (> ${MIB_TEXT})`);
  const files =
    format === 'nocloud'
      ? { '/user-data': user, '/network-config': network, '/meta-data': meta, '/vendor-data': vendor }
      : {
          '/openstack/latest/user_data': user,
          '/openstack/content/0000': network,
          '/openstack/latest/meta_data.json': meta,
          '/openstack/latest/vendor_data.json': vendor,
        };
  // What a document of the user's own says of the instance is as good an id as any: it changes when that text does.
  const instanceId = sha1(custom.meta ?? user + network);
  return seed(format === 'nocloud' ? 'cidata' : 'config-2', instanceId, files, source, custom.network !== undefined);
}

function seed(
  label: string,
  instanceId: string,
  files: Readonly<Record<string, string>>,
  source: Source,
  ownNetwork = false,
): Seed {
  if (ownNetwork) return { label, instanceId, files };
  const network = Object.fromEntries(configuredNics(source).map(({ mac, addresses }) => [mac, addresses]));
  return { label, instanceId, files, network };
}

/** `GET .../cloudinit/dump`: always the generated document, whatever cicustom says; OpenNebula's shows as a config drive's. */
export function dumpDocument(source: Source, type: string): string {
  if (type === 'user') return userData(source);
  const network = networkDocument(source);
  return type === 'network' ? network : metaDocument(source, userData(source), network);
}

function formatOf(config: Source['config']): string {
  return config['citype'] ?? (isWindows(config) ? 'configdrive2' : 'nocloud');
}

function networkDocument(source: Source): string {
  return formatOf(source.config) === 'nocloud' ? nocloudNetwork(source) : configDriveNetwork(source);
}

/** A new id whenever another document changes: cloud-init takes the guest for a new instance. */
function metaDocument({ config }: Source, user: string, network: string): string {
  const id = sha1(user + network);
  if (formatOf(config) === 'nocloud') return `instance-id: ${id}\n`;
  return `{\n     "uuid": "${id}",\n     "network_config": { "content_path": "/content/0000" }\n}\n`;
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
