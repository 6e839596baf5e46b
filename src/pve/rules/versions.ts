/** `7.4-16` on 7, `9.1.9` from 8 on (pve-behaviour 7). */
export interface PveVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

export function parseVersion(text: string): PveVersion | undefined {
  const match = /^(\d+)\.(\d+)(?:[.-](\d+))?/.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch = '0'] = match;
  return { text, major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/** Whether a version is `major.minor.patch` or newer. */
export function isAtLeast(version: PveVersion, major: number, minor = 0, patch = 0): boolean {
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}
