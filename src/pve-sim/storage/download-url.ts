// `download-url` (pve-behaviour 8.6): the task that brings a file from the web. The file is not there before it is whole and
// has been looked at.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Process } from '../process.ts';
import { failure, taskErrorText } from '../pve-error.ts';
import { nowSeconds, type Sim } from '../sim.ts';
import { wget } from '../web/wget.ts';
import { findVolume, volumeKey } from '../world/volumes.ts';
import type { StorageState } from '../world/world.ts';
import { type Checksum, compareChecksum, verifyChecksum } from './checksum.ts';
import { type FileContent, formatOfFile, storedName } from './file-name.ts';
import { imageProblem } from './image-probe.ts';
import { freeBytes } from './room.ts';
import { pathOf } from './volume-path.ts';

export interface Download {
  readonly node: string;
  readonly storage: StorageState;
  readonly content: FileContent;
  readonly user: string;
  readonly url: string;
  readonly filename: string;
  readonly checksum: Checksum | undefined;
  readonly compression: string | undefined;
  readonly verifyCertificates: boolean;
}

/** @returns the UPID */
export function forkDownload(sim: Sim, download: Download): string {
  const name = storedName(download.filename, download.content);
  const { node, user } = download;
  return sim.tasks.fork({ node, type: 'download', id: name, user }, async (worker) => {
    await runDownload(sim, worker, download, name);
  });
}

async function runDownload(sim: Sim, worker: Process, download: Download, name: string): Promise<void> {
  const { storage, node, content, url, checksum } = download;
  const volid = `${storage.id}:${content}/${name}`;
  const path = pathOf(storage, { volid });
  worker.log(`downloading ${url} to ${path}`);
  const existing = findVolume(sim.world, node, volid);
  if (existing !== undefined) return meetExisting(worker, path, existing.data ?? new Uint8Array(), checksum);
  const spool = `${path}.tmp_dwnl.${1000 + sim.random.below(30_000)}`;
  const fetched = await fetchFile(sim, worker, download, spool);
  verifyChecksum(worker, fetched, checksum);
  const data = decompress(worker, fetched, download.compression, spool);
  const format = formatOfFile(name, content);
  const problem = content === 'import' ? imageProblem(format, { path: spool, data }) : undefined;
  if (problem !== undefined) throw failure(`failed to verify file: ${problem}`);
  sim.world.volumes[volumeKey(storage, node, volid)] = {
    volid,
    storage: storage.id,
    node: storage.shared ? undefined : node,
    content,
    format,
    ctime: nowSeconds(sim),
    sizeBytes: data.length,
    data,
  };
  worker.log(`download of '${url}' to '${path}' finished`);
}

/** A file of that name is never replaced; it is enough if it is the right one. */
function meetExisting(worker: Process, path: string, data: Uint8Array, checksum: Checksum | undefined): void {
  if (checksum === undefined) throw failure(`refusing to override existing file '${path}'`);
  const { isRight, got } = compareChecksum(data, checksum);
  const verdict = isRight ? 'OK, got correct file already, no need to download' : '';
  worker.log(`calculating checksum of existing file...${verdict}`);
  if (!isRight) throw failure(`checksum mismatch: got '${got}' != expect '${checksum.value}', aborting`);
}

async function fetchFile(sim: Sim, worker: Process, download: Download, target: string): Promise<Uint8Array> {
  const { url, verifyCertificates, node, storage } = download;
  const room = (): number => freeBytes(sim.world, node, storage);
  try {
    return await wget(sim, worker, { url, target, verifyCertificates, room });
  } catch (cause) {
    throw Object.assign(failure(`download failed: ${taskErrorText(cause)}`), { cause });
  }
}

interface Decompressor {
  readonly run: (data: Uint8Array) => Uint8Array;
  readonly complaint: string;
}

const DECOMPRESSORS: Readonly<Record<string, Decompressor>> = {
  gz: { run: gunzipSync, complaint: 'not in gzip format' },
  zst: { run: zstdDecompressSync, complaint: 'unsupported format' },
};

function decompress(worker: Process, data: Uint8Array, compression: string | undefined, spool: string): Uint8Array {
  if (compression === undefined) return data;
  worker.log(`decompressing ${spool} to ${spool.replace('.tmp_dwnl.', '.tmp_dcom.')}`);
  const decompressor = DECOMPRESSORS[compression];
  if (decompressor === undefined) throw failure(`decompression failed: pve-sim does not play ${compression}`);
  try {
    return new Uint8Array(decompressor.run(data));
  } catch (cause) {
    throw Object.assign(failure(`decompression failed: ${spool}: ${decompressor.complaint}`), { cause });
  }
}
