// The words of an image that is to be prepared: the spec of a VMImage, or the flat object that Create has. What asks for
// something that PVE cannot do is refused by its name.
import type { ImageChecksum } from '#domain/checksum';
import { invalidSpec } from '#domain/fault';
import { readNodes } from './image-nodes.ts';
import { agree, type JsonObject, type ReadValue, readObject } from './json-object.ts';
import { said } from './said.ts';
import { flag, oneOf, text, wholeNumber } from './values.ts';
import type { ImageFormat } from './web-source.ts';

/** PVE's word for the guest's system. */
export type OsType = 'l26' | 'win10' | 'other';

export interface ImagePrepareWords {
  /** A name, a VMID or a volume. */
  readonly template?: string;
  readonly templateField: string;
  readonly path?: string;
  readonly url?: string;
  readonly urlField: string;
  readonly checksum?: string;
  readonly checksumField: string;
  readonly algorithm?: ImageChecksum['algorithm'];
  /** False: the checksum is not to be compared. */
  readonly validates?: boolean;
  /** Of the file. */
  readonly format?: ImageFormat;
  readonly diskFormat?: ImageFormat;
  readonly node?: string;
  /** Each is to have a template; `*` for all of them. */
  readonly nodes?: readonly string[];
  readonly nodesField: string;
  readonly storage?: string;
  readonly storageField: string;
  readonly osType?: OsType;
  /** False: a template that is there is answered with, and none is made. */
  readonly imports?: boolean;
  /** A source that no node can read. */
  readonly elsewhere?: { readonly field: string; readonly what: string };
}

type Words = Partial<ImagePrepareWords>;

const algorithm = oneOf<ImageChecksum['algorithm']>({
  md5: 'md5',
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
});
/** Whether one is made where there is none; how long its absence is borne is the manager's. */
const onMissing = oneOf<boolean>({ import: true, fail: false, wait: false });
const imageFormat = oneOf<ImageFormat>({ qcow2: 'qcow2', raw: 'raw', vmdk: 'vmdk' });
/** Go writes `template` where nobody has said anything. */
const fileFormat: ReadValue<ImageFormat | undefined> = (value, path) =>
  text(value, path).toLowerCase() === 'template' ? undefined : imageFormat(value, path);

export const readImageWords: ReadValue<ImagePrepareWords> = (value, path) => {
  const words = readObject(readTop)(value, path);
  return {
    templateField: `${path}.TemplateName`,
    urlField: `${path}.URL`,
    checksumField: `${path}.Checksum`,
    storageField: `${path}.Storage`,
    nodesField: `${path}.Nodes`,
    ...words,
  };
};

function readTop(object: JsonObject): Words {
  // How the image is copied later is said again then.
  object.ignore('CloneMode', 'Snapshot');
  const template = object.get('TemplateName', text);
  const own = said({
    template,
    path: object.get('Path', text),
    url: object.get('URL', text),
    checksum: object.get('Checksum', text),
    algorithm: object.get('ChecksumType', algorithm),
    // Of a template that is there nobody asks.
    format: template === undefined ? object.get('Format', fileFormat) : object.get('Format', () => undefined),
    ...readNodes(object),
    storage: object.get('Storage', text),
  });
  const source = object.get('Source', readSource) ?? {};
  for (const key of Object.keys(own) as (keyof typeof own)[]) {
    if (key !== 'algorithm' && key !== 'nodesField')
      agree(`${object.path}.source`, oneValue(source[key]), oneValue(own[key]));
  }
  const prepare = object.get('Prepare', readObject(readPrepare)) ?? {};
  object.get('Metadata', readObject(readMetadata));
  const osType = object.get('Distribution', readObject(readDistribution));
  // What stands in the part for PVE may be no more than the API server's default.
  const diskFormat = prepare.diskFormat ?? source.diskFormat;
  return { ...own, ...source, ...prepare, ...said({ osType, diskFormat }) };
}

const oneValue = (value: unknown): unknown => (Array.isArray(value) ? value.join() : value);

const readSource: ReadValue<Words> = (value, path) => {
  if (typeof value !== 'string') return readObject(readSourceObject)(value, path);
  const name = text(value, path);
  return /^https?:\/\//.test(name) ? { url: name, urlField: path } : { template: name, templateField: path };
};

function readSourceObject(object: JsonObject): Words {
  // Parts for other hypervisors say nothing about PVE.
  object.ignore('Libvirt', 'Vsphere');
  const registry = object.get('Registry', () => true);
  const dataVolume = object.get('DataVolume', () => true);
  const elsewhere =
    registry === true
      ? { field: object.at('Registry'), what: 'registry' }
      : dataVolume === true
        ? { field: object.at('DataVolume'), what: 'DataVolume of Kubernetes' }
        : undefined;
  const http = object.get('HTTP', readObject(readHttp)) ?? {};
  return { ...said({ elsewhere }), ...http, ...object.get('Proxmox', readObject(readProxmox)) };
}

/** PVE fetches with `wget` and a URL, and with nothing else. */
function readHttp(object: JsonObject): Words {
  // A download has no time limit; the call has one, and its task goes on.
  object.ignore('Timeout');
  for (const key of ['Headers', 'Authentication']) {
    const isSaid = object.get(key, (value) => hasWords(value)) === true;
    if (isSaid) {
      const why = 'PVE fetches images by a URL alone and can send neither headers nor credentials';
      throw invalidSpec(object.at(key), why, 'Use a presigned URL, or a server that asks for none');
    }
  }
  return {
    ...said({
      url: object.get('URL', text),
      checksum: object.get('Checksum', text),
      algorithm: object.get('ChecksumType', algorithm),
    }),
    urlField: object.at('URL'),
    checksumField: object.at('Checksum'),
  };
}

function hasWords(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.keys(value).length > 0;
}

function readProxmox(object: JsonObject): Words {
  object.ignore('CloneMode', 'FullClone', 'Snapshot');
  const id = object.get('TemplateID', wholeNumber(100, 999_999_999));
  const name = object.get('TemplateName', text);
  const template = id === undefined ? name : String(id);
  return {
    ...said({
      template,
      diskFormat: object.get('Format', imageFormat),
      ...readNodes(object),
      storage: object.get('Storage', text),
    }),
    ...(template === undefined ? {} : { templateField: object.at(id === undefined ? 'TemplateName' : 'TemplateID') }),
    storageField: object.at('Storage'),
  };
}

/** For how long and how often we are asked is the manager's. */
function readPrepare(object: JsonObject): Words {
  object.ignore('Timeout', 'Retries');
  const imports = object.get('OnMissing', onMissing);
  if (object.get('Force', flag) === true) {
    const why = 'a template is never replaced, since VMs may be linked to it';
    throw invalidSpec(object.at('Force'), why, 'Give the VMImage another name, or delete the template first');
  }
  const storage = object.get('Storage', readObject(readPrepareStorage)) ?? {};
  const converted = object.get('Optimization', readObject(readOptimization)) ?? {};
  const diskFormat = agree(object.path, storage.diskFormat, converted.diskFormat);
  return said({ validates: object.get('ValidateChecksum', flag), diskFormat, imports });
}

function readPrepareStorage(object: JsonObject): Words {
  object.ignore('Libvirt', 'Vsphere');
  refuseFlags(object, ['Compression']);
  return said({ diskFormat: object.get('PreferredFormat', imageFormat) });
}

function readOptimization(object: JsonObject): Words {
  refuseFlags(object, ['EnableCompression', 'EnableDeltaSync', 'RemoveUnusedSpace']);
  return said({ diskFormat: object.get('ConvertFormat', imageFormat) });
}

function refuseFlags(object: JsonObject, keys: readonly string[]): void {
  for (const key of keys) {
    if (object.get(key, flag) !== true) continue;
    throw invalidSpec(object.at(key), 'PVE does no such thing to an image it imports', 'Leave it out');
  }
}

function readMetadata(object: JsonObject): undefined {
  object.ignore('Annotations', 'Description', 'DisplayName', 'Tags', 'Version');
  const architecture = object.get('Architecture', text);
  if (architecture === undefined || /^(amd64|x86_64)$/.test(architecture)) return undefined;
  const why = `the nodes of PVE are x86-64, and run no "${architecture}"`;
  throw invalidSpec(object.at('Architecture'), why, 'Use an image for amd64');
}

function readDistribution(object: JsonObject): OsType | undefined {
  object.ignore('Kernel', 'Variant', 'Version');
  const family = object.get('Family', text)?.toLowerCase();
  const name = object.get('Name', text)?.toLowerCase();
  if (family === 'windows' || name === 'windows') return 'win10';
  return family === 'bsd' || name === 'freebsd' || family === 'other' ? 'other' : undefined;
}
