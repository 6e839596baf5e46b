// Web servers of the world's own, for nodes to download from.
import { MIB } from '../world/size.ts';
import type { WebFile, World } from '../world/world.ts';
import { emptyQcow2 } from './qcow2.ts';

export interface WebFileData {
  /** 0 where absent. */
  readonly size?: number;
  readonly type?: string;
  /** Content-Disposition. */
  readonly cd?: string;
  readonly redirect?: string;
  /** It takes its time: so many seconds, or half a minute. */
  readonly slow?: boolean | number;
  /** Which image it is; zeros where that is not said. */
  readonly what?: string;
}

const FAST = 100 * MIB;
const SLOW_SECONDS = 30;
const IMAGE_BYTES = 64 * MIB;

/** @param base the URL without a path */
export function addWebServer(world: World, base: string, files: Readonly<Record<string, WebFileData>>): void {
  const known = Object.entries(files).map(([path, file]): [string, WebFile] => [path, webFile(file)]);
  world.web[base.replace(/\/$/, '')] = Object.fromEntries(known);
}

function webFile({ size = 0, type, cd, redirect, slow = false, what = '' }: WebFileData): WebFile {
  const seconds = typeof slow === 'number' ? slow : SLOW_SECONDS;
  return {
    data: contentOf(size, what),
    ...(type === undefined ? {} : { type }),
    ...(cd === undefined ? {} : { disposition: cd }),
    ...(redirect === undefined ? {} : { redirect }),
    bytesPerSecond: slow === false || seconds === 0 ? FAST : Math.max(1, size / seconds),
  };
}

function contentOf(size: number, what: string): Uint8Array {
  const content = new Uint8Array(size);
  if (/qcow2/i.test(what)) content.set(emptyQcow2(IMAGE_BYTES).subarray(0, size));
  return content;
}
