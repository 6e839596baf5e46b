// Images in the web for ImagePrepare, and the requests that ask for them as VirtRigaud's manager does.
import { createHash } from 'node:crypto';
import { emptyQcow2 } from '#pve-sim/web/qcow2';
import { addWebServer } from '#pve-sim/web/web-server';
import type { Simulator } from '#pve-sim/simulator';
import { MIB } from '#pve-sim/world/size';

export const WEB = 'https://images.example';
const IMAGE = emptyQcow2(64 * MIB);
const RAW = new Uint8Array(2 * MIB);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const SHA256 = sha256(IMAGE);
/** Of `/disk.raw` and `/disk.img`. */
export const RAW_SHA256 = sha256(RAW);

/** What a server says instead of a file, or a file that is compressed. */
const PAGE = new Uint8Array(1000);
/** Of `/page.raw` and `/packed`. */
export const PAGE_SHA256 = sha256(PAGE);

/** Seconds of the clock that `/slow.qcow2` takes. */
const SLOW_SECONDS = 100;

export function addImages(sim: Simulator): void {
  const image = { size: IMAGE.length, what: 'qcow2' };
  addWebServer(sim.world, WEB, {
    '/cloud.qcow2': image,
    '/cloud.img': image,
    '/disk.raw': { size: RAW.length },
    '/disk.img': { size: RAW.length },
    '/cloud.qcow2.xz': { size: 1000 },
    '/page.raw': { size: PAGE.length },
    '/packed': { size: PAGE.length },
    '/slow.qcow2': { ...image, slow: SLOW_SECONDS },
    '/moved.qcow2': { redirect: '/cloud.qcow2' },
  });
}

/** What is downloaded from there takes so many seconds of the clock from now on, and what is on its way for its rest. */
export function takeSeconds({ world }: Simulator, base: string, path: string, seconds: number): void {
  const file = world.web[base]?.[path];
  if (file === undefined) throw new Error(`there is no ${base}${path}`);
  file.bytesPerSecond = file.data.length / seconds;
}

/** What the API server of Kubernetes fills in where nobody has said anything. */
const DEFAULTS = {
  prepare: { onMissing: 'Import', timeout: '30m0s', retries: 3, validateChecksum: true },
  metadata: { architecture: 'amd64' },
};

export interface ImageParts {
  readonly path?: string;
  readonly checksum?: string;
  readonly http?: Record<string, unknown>;
  readonly proxmox?: Record<string, unknown>;
  readonly spec?: Record<string, unknown>;
}

export function prepareRequest(targetName: string, parts: ImageParts = {}) {
  const { path = '/cloud.qcow2', checksum = SHA256, http = {}, proxmox = {}, spec = {} } = parts;
  const source = {
    http: { url: `${WEB}${path}`, checksum, checksumType: 'sha256', timeout: '30m0s', ...http },
    proxmox: { storage: 'local-lvm', format: 'qcow2', fullClone: true, ...proxmox },
  };
  return { imageJson: JSON.stringify({ ...DEFAULTS, source, ...spec }), targetName, storageHint: '' };
}
