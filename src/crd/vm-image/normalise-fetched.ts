// An image that becomes a template once: what its VMImage asks for of that. docs/images.md says what comes of it.
import { type ImageChecksum, parseChecksum } from '#domain/checksum';
import { Fault, invalidSpec } from '#domain/fault';
import { DISK_FORMATS, type DiskFormat, type FetchedImage, type VmImage } from '#domain/fetched-image';
import { readTemplateNodes } from '#domain/template-nodes';
import type { CloneMode } from '#domain/vm-spec';
import { NOT_ON_PVE, refuse } from '../refuse.ts';
import { sayOnce } from '../say-once.ts';
import type { Sources } from './sources.ts';
import type { VmImageSpec } from './spec.ts';

/** A VMImage, with what it says of a source besides its name. */
export interface Asked {
  readonly spec: VmImageSpec;
  /** `VMImage ubuntu: spec`. */
  readonly path: string;
  readonly proxmox: NonNullable<Sources['proxmox']>;
  readonly http: Sources['http'];
  readonly cloneMode: CloneMode | undefined;
}

const ON_MISSING = { Import: 'import', Fail: 'fail', Wait: 'wait' } as const;

/** Throws `invalid-spec`, or `unsupported` for what PVE does to no image. @param field that says the URL */
export function normaliseFetched(url: string, asked: Asked, field: string): VmImage {
  const { spec, path, proxmox, http, cloneMode } = asked;
  if (!/^https?:\/\//i.test(url)) {
    // Not told, as it may hold a password.
    throw invalidSpec(field, 'it is no URL that Proxmox VE can fetch', 'Use http or https');
  }
  refuseImpossible(asked);
  const { prepare } = spec;
  const at = `${path}.source.proxmox`;
  const { node, nodes } = readTemplateNodes(proxmox, { node: `${at}.node`, nodes: `${at}.nodes` });
  return {
    kind: 'fetched',
    image: {
      url,
      checksum: prepare?.validateChecksum === false ? undefined : checksumOf(http, `${path}.source.http`),
      storage: proxmox.storage,
      node,
      nodes,
      diskFormat: diskFormatOf(prepare, `${path}.prepare`) ?? proxmox.format,
      system: systemOf(spec.distribution),
      cloneMode,
      onMissing: ON_MISSING[prepare?.onMissing ?? 'Import'],
    },
  };
}

function refuseImpossible({ spec, path, proxmox, http }: Asked): void {
  const { storage, optimization, force } = spec.prepare ?? {};
  refuse(`${path}.source.http`, { headers: http?.headers, authentication: http?.authentication }, NOT_ON_PVE);
  refuse(`${path}.prepare`, { force }, NEVER_REPLACED);
  const { convertFormat: _, ...treatment } = optimization ?? {};
  refuse(`${path}.prepare`, { 'storage.compression': storage?.compression }, NOT_ON_PVE);
  refuse(`${path}.prepare.optimization`, treatment, NOT_ON_PVE);
  const { architecture = 'amd64' } = spec.metadata ?? {};
  const isForeign = architecture === 'arm64' || architecture === 'aarch64';
  refuse(`${path}.metadata`, { architecture: isForeign ? architecture : undefined }, X86_ONLY);
  if (proxmox.snapshot === undefined) return;
  const why = 'a template is made of what is fetched, and has no snapshots';
  throw invalidSpec(`${path}.source.proxmox.snapshot`, why, 'Remove it');
}

const NEVER_REPLACED = {
  why: 'a template is never replaced, since VMs may be linked to it',
  remedy: 'Give the VMImage another name, or delete the template first',
};
const X86_ONLY = { why: 'the nodes of Proxmox VE are x86-64', remedy: 'Use an image for amd64' };

/** Without one in digits there is nothing to compare, whatever `checksumType` says. */
function checksumOf(http: Sources['http'], path: string): ImageChecksum | undefined {
  const { checksum = '', checksumType } = http ?? {};
  if (checksum.trim() === '') return undefined;
  const parsed = parseChecksum(checksum);
  if (parsed === undefined) {
    throw invalidSpec(`${path}.checksum`, 'it is no checksum in hex digits', 'Give the SHA-256 of the image, or none');
  }
  if (checksumType === undefined || checksumType === parsed.algorithm) return parsed;
  const why = `the checksum has the ${parsed.value.length} hex digits of a ${parsed.algorithm}`;
  throw invalidSpec(`${path}.checksumType`, why, `Write ${parsed.algorithm}, or correct the checksum`);
}

function diskFormatOf(prepare: VmImageSpec['prepare'], path: string): DiskFormat | undefined {
  const said = sayOnce(path, {
    'storage.preferredFormat': prepare?.storage?.preferredFormat,
    'optimization.convertFormat': prepare?.optimization?.convertFormat,
  });
  const known = DISK_FORMATS.find((format) => format === said);
  if (said === undefined || known !== undefined) return known;
  const field =
    prepare?.storage?.preferredFormat === undefined ? 'optimization.convertFormat' : 'storage.preferredFormat';
  const why = `Proxmox VE has no disks in the format ${said}`;
  throw new Fault('unsupported', { subject: `${path}.${field}`, why, remedy: 'Write qcow2, raw or vmdk' });
}

function systemOf({ name, family }: NonNullable<VmImageSpec['distribution']> = {}): FetchedImage['system'] {
  if (family === 'windows' || name === 'windows') return 'windows';
  if (family === 'bsd' || name === 'freebsd') return 'bsd';
  return family === 'other' ? 'other' : undefined;
}
