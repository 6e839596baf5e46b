import type { FetchedImage, VmImage } from '#domain/fetched-image';
import { Fault, invalidSpec } from '#domain/fault';
import { parseImageName } from '#domain/image-name';
import type { CloneMode, ImageSource } from '#domain/vm-spec';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { milliseconds } from '../read-duration.ts';
import { readSpec } from '../read-spec.ts';
import { NOT_ON_PVE, refuse } from '../refuse.ts';
import { sayOnce } from '../say-once.ts';
import type { Sources } from './sources.ts';
import { vmImageSpec, type VmImageSpec } from './spec.ts';

/** What is said of a source besides its name. */
interface Details {
  readonly cloneMode: CloneMode | undefined;
  readonly snapshot: string | undefined;
  readonly node: string | undefined;
  readonly storage: string | undefined;
  /** Of what is fetched alone. */
  readonly diskFormat: string | undefined;
}

const NOTHING_SAID = { snapshot: undefined, node: undefined, storage: undefined, diskFormat: undefined };

/** Where the disks come from. Throws `invalid-spec`, or `unsupported` for what PVE cannot fetch. */
export function normaliseImage(image: Manifest): VmImage {
  const spec = readSpec(vmImageSpec, image);
  const { source, cloneMode } = spec;
  const path = `${manifestTitle(image)}: spec`;
  if (typeof source !== 'object') {
    const details = { ...NOTHING_SAID, cloneMode };
    return named(String(source), details, spec, `${path}.source`);
  }
  return sourceOf(source, detailsOf(source, cloneMode, path), spec, `${path}.source`);
}

/** `fullClone: true` is what an API server fills in where nothing was said, so it says nothing. */
function detailsOf({ proxmox }: Sources, cloneMode: CloneMode | undefined, path: string): Details {
  const mode = sayOnce<CloneMode>(path, {
    cloneMode,
    'source.proxmox.cloneMode': proxmox?.cloneMode,
    'source.proxmox.fullClone': proxmox?.fullClone === false ? 'linked' : undefined,
  });
  const { snapshot, node, storage, format: diskFormat } = proxmox ?? {};
  return { cloneMode: mode, snapshot, node, storage, diskFormat };
}

function sourceOf(source: Sources, details: Details, spec: VmImageSpec, path: string): VmImage {
  const { proxmox, blank = false, http } = source;
  const ref = proxmox?.templateID?.toString() ?? proxmox?.templateName ?? '';
  if (ref !== '' && blank) throw invalidSpec(`${path}.blank`, `it also names "${ref}"`, 'Keep one of the two');
  if (ref !== '') return named(ref, details, spec, `${path}.proxmox.templateName`);
  if (blank) return made({ kind: 'blank' }, details, path);
  if (http !== undefined) return fetched(http.url, http, details, spec, path);
  refuse(path, { registry: source.registry, dataVolume: source.dataVolume }, CANNOT_FETCH);
  throw invalidSpec(path, 'it names no template', 'Set proxmox.templateName or proxmox.templateID');
}

const CANNOT_FETCH = {
  why: 'Proxmox VE cannot fetch it',
  remedy: 'Make a template of it on PVE, and name that, or give an image as http.url',
};

function named(name: string, details: Details, spec: VmImageSpec, path: string): VmImage {
  const source = parseImageName(name, path);
  if (source.kind === 'url') return fetched(source.url, {}, details, spec, path);
  if (source.kind === 'template') {
    const { diskFormat: _, ...ofTemplate } = details;
    return { kind: 'there', source: { ...source, ...ofTemplate } };
  }
  return made(source, details, path);
}

type Source = { kind: 'iso' | 'disk'; volume: string } | { kind: 'blank' };

/** A source that is no clone. */
function made(source: Source, { cloneMode, snapshot, node, storage }: Details, path: string): VmImage {
  const word = snapshot === undefined ? cloneMode && 'cloneMode' : 'snapshot';
  if (word === undefined) return { kind: 'there', source: { ...source, node, storage } satisfies ImageSource };
  throw invalidSpec(path, `it has a ${word}, but only a template or a VM can be cloned`, `Remove the ${word}`);
}

const USUAL_TIMEOUT_MS = 30 * 60_000;
const ON_MISSING = { Import: 'import', Fail: 'fail', Wait: 'wait' } as const;

/** An image that becomes a template once. */
function fetched(
  url: string,
  http: Partial<NonNullable<Sources['http']>>,
  { node, storage, cloneMode, diskFormat }: Details,
  { prepare }: VmImageSpec,
  path: string,
): VmImage {
  if (!/^https?:\/\//i.test(url)) {
    // Not told, as it may hold a password.
    throw invalidSpec(path, 'it is no URL that Proxmox VE can fetch', 'Use http or https');
  }
  refuse(`${path}.http`, { headers: http.headers, authentication: http.authentication }, NOT_ON_PVE);
  return {
    kind: 'fetched',
    image: {
      url,
      checksum: checksumOf(http, prepare?.validateChecksum ?? true),
      storage,
      node,
      diskFormat,
      cloneMode,
      onMissing: ON_MISSING[prepare?.onMissing ?? 'Import'],
      force: prepare?.force ?? false,
      retries: prepare?.retries ?? 3,
      timeoutMs: milliseconds(http.timeout ?? prepare?.timeout, `${path}.http.timeout`) ?? USUAL_TIMEOUT_MS,
    },
  };
}

function checksumOf(
  { checksum, checksumType }: Partial<NonNullable<Sources['http']>>,
  isChecked: boolean,
): FetchedImage['checksum'] {
  const hex = (checksum ?? '').replace(/^\w+:/, '').toLowerCase();
  return hex === '' || !isChecked ? undefined : { algorithm: checksumType, hex };
}

/**
 * The source of a VM that is made now. Throws `unsupported` for an image that has to be fetched, and of which no template
 * is there.
 *
 * @param prepared id of that template
 */
export function imageThatIsThere(image: Manifest, prepared: string | undefined): ImageSource {
  const found = normaliseImage(image);
  if (found.kind === 'there') return found.source;
  if (prepared !== undefined) {
    const { cloneMode } = found.image;
    return { kind: 'template', ref: prepared, cloneMode, snapshot: undefined, node: undefined, storage: undefined };
  }
  throw new Fault('unsupported', {
    subject: `${manifestTitle(image)}: spec.source`,
    why: 'the image has to be fetched first, which needs a manager',
    remedy: 'Make a template of it on PVE, and name that',
  });
}
