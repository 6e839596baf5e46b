// VMImage objects, and how the VirtualMachine that refers to one has it prepared before it is created.
import type { CreateParts } from '../requests.ts';
import type { Connection } from './client.ts';
import { goEscaped } from './payload.ts';

/** As the CRD has it, in camelCase; what is left out the API server fills in where its block is there. */
export interface VmImageSpec {
  readonly source: {
    readonly http?: Readonly<Record<string, unknown>> & { readonly url: string };
    readonly proxmox?: Readonly<Record<string, unknown>>;
  };
  readonly prepare?: Readonly<Record<string, unknown>> & { readonly onMissing?: 'Import' | 'Fail' | 'Wait' };
}

export interface VmImageStatus {
  readonly phase: '' | 'Pending' | 'Importing' | 'Ready' | 'Failed';
  /** One field, whatever Provider it is of. */
  readonly prepareTaskRef: string;
  /** Of the Provider: whether it is there, and as what. */
  readonly available: boolean;
  readonly id: string;
  readonly path: string;
}

export interface VmImage {
  readonly name: string;
  spec: VmImageSpec;
  status: VmImageStatus;
}

export type VmImages = Map<string, VmImage>;

const NOTHING_YET: VmImageStatus = { phase: '', prepareTaskRef: '', available: false, id: '', path: '' };

const DEFAULTS = {
  http: { checksumType: 'sha256', timeout: '30m0s' },
  proxmox: { format: 'qcow2', fullClone: true },
  prepare: { onMissing: 'Import', timeout: '30m0s', retries: 3, validateChecksum: true },
} as const;

export function newVmImage(name: string, { source, prepare }: VmImageSpec): VmImage {
  const { http, proxmox } = source;
  const spec = {
    source: {
      ...(http === undefined ? {} : { http: { ...DEFAULTS.http, ...http } }),
      ...(proxmox === undefined ? {} : { proxmox: { ...DEFAULTS.proxmox, ...proxmox } }),
    },
    ...(prepare === undefined ? {} : { prepare: { ...DEFAULTS.prepare, ...prepare } }),
  };
  return { name, spec, status: NOTHING_YET };
}

/**
 * Throws what keeps it from being prepared: the VM that wants it tries again, and never gets on where its task has failed.
 * @returns whether the VM may be created
 */
export async function ensureImage(image: VmImage, connection: Connection, isSupported: boolean): Promise<boolean> {
  const { status, spec } = image;
  if (!isSupported || status.available || !needsPrepare(spec)) return true;
  const onMissing = spec.prepare?.onMissing ?? 'Import';
  if (onMissing !== 'Import') {
    image.status = { ...status, phase: onMissing === 'Fail' ? 'Failed' : 'Pending' };
    return false;
  }
  return status.prepareTaskRef === '' ? await trigger(image, connection) : await poll(image, connection);
}

async function trigger(image: VmImage, connection: Connection): Promise<boolean> {
  const request = { imageJson: goEscaped(JSON.stringify(image.spec)), targetName: image.name, storageHint: '' };
  const { task, preparedImageId, preparedImagePath } = await connection.call(
    'imagePrepare',
    image.name,
    async (client, options) => await client.imagePrepare(request, options),
  );
  const prepareTaskRef = task?.id ?? '';
  const is = { id: preparedImageId, path: preparedImagePath };
  // Of several VMs the last one writes.
  image.status =
    prepareTaskRef === ''
      ? prepared(image, is)
      : { phase: 'Importing', prepareTaskRef, available: false, id: is.id, path: is.path };
  return prepareTaskRef === '';
}

async function poll(image: VmImage, connection: Connection): Promise<boolean> {
  const id = image.status.prepareTaskRef;
  const { done, error } = await connection.call(
    'taskStatus',
    image.name,
    async (client, options) => await client.taskStatus({ task: { id } }, options),
  );
  if (error !== '') throw new Error(`check image prepare task ${id}: task failed: ${error}`);
  if (done) image.status = prepared(image, { id: '', path: '' });
  return done;
}

function prepared({ status }: VmImage, { id, path }: { readonly id: string; readonly path: string }): VmImageStatus {
  return {
    phase: 'Ready',
    prepareTaskRef: '',
    available: true,
    id: id === '' ? status.id : id,
    path: path === '' ? status.path : path,
  };
}

/** A template that is named is never prepared, and nobody looks whether it is there. */
function needsPrepare({ source: { proxmox } }: VmImageSpec): boolean {
  return proxmox === undefined || (proxmox['templateID'] === undefined && proxmox['templateName'] === undefined);
}

/** `image_json` of a VM: of an image that is fetched nothing gets through unless it has a block for Proxmox. */
export function imageParts({ spec, status }: VmImage): NonNullable<CreateParts['image']> {
  const { proxmox } = spec.source;
  if (proxmox === undefined) return { TemplateName: '' };
  const { templateID, templateName } = proxmox as { templateID?: number; templateName?: string };
  const named = templateID === undefined ? (templateName ?? '') : String(templateID);
  return { TemplateName: status.available && status.id !== '' ? status.id : named };
}
