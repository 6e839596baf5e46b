// Asks cloud-init itself what it makes of a seed: its Debian package, unpacked and not installed (scripts/fetch-cloud-init.sh).
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = join(import.meta.dirname, '../../../.cache/cloud-init/root/usr/lib/python3/dist-packages');
const SCRIPT = join(import.meta.dirname, 'guest.py');
const PYTHON = '/usr/bin/python3';
const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', PYTHONPATH: PACKAGES, PYTHONDONTWRITEBYTECODE: '1' };

export type Renderer = 'netplan' | 'eni' | 'networkd' | 'sysconfig';

export interface SeedAnswer {
  /** Base64. */
  readonly userData: string;
  readonly metaData: Readonly<Record<string, unknown>>;
  readonly instanceId: string;
  readonly networkConfig: Readonly<Record<string, unknown>> | null;
  readonly parts: readonly { readonly type: string; readonly body: string }[];
  /** All `#cloud-config` parts merged. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly hostname: string;
  readonly fqdn: string;
  /** For the guest's own user. */
  readonly keys: readonly string[];
  /** Jinja parts, filled in. */
  readonly rendered: readonly string[];
}

export interface ConfigDriveAnswer {
  readonly metaData: Readonly<Record<string, unknown>>;
  readonly userData: string;
  /** As a network-config of version 1. */
  readonly network: { readonly config: readonly Readonly<Record<string, unknown>>[] };
}

/** Path to text, by renderer. */
export type RenderAnswer = Readonly<Partial<Record<Renderer, Readonly<Record<string, string>>>>>;

/** Name of the guest's interface to its MAC. */
export type Interfaces = Readonly<Record<string, string>>;

export interface RenderJob {
  readonly networkConfig: string;
  readonly nics: Interfaces;
  /** The distribution that writes files of each form. */
  readonly renderers: Readonly<Partial<Record<Renderer, string>>>;
}

export function hasCloudInit(): boolean {
  return existsSync(PACKAGES) && spawnSync(PYTHON, ['-c', 'import cloudinit.stages'], { env: ENV }).status === 0;
}

/** What its NoCloud source reads from folders. */
export function readSeeds(folders: readonly string[]): SeedAnswer[] {
  return ask(folders.map((folder) => ({ kind: 'nocloud', folder }))) as SeedAnswer[];
}

/** What its reader of OpenStack's config drives reads from a folder. */
export function readConfigDrive(folder: string, nics: Interfaces): ConfigDriveAnswer {
  const [answer] = ask([{ kind: 'config-drive', folder, nics }]) as ConfigDriveAnswer[];
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

/** The files that distributions get. */
export function renderNetworks(jobs: readonly RenderJob[]): RenderAnswer[] {
  return ask(jobs.map((job) => ({ kind: 'render', ...job }))) as RenderAnswer[];
}

function ask(jobs: readonly unknown[]): unknown[] {
  const options = { env: ENV, input: JSON.stringify(jobs), maxBuffer: 64 * 1024 ** 2 };
  return JSON.parse(execFileSync(PYTHON, [SCRIPT], options).toString()) as unknown[];
}
