// The `sshkeys` option: its value itself is percent-encoded, so that in a form it is encoded twice (pve-behaviour 18.2).

/** The keys, one a line in clear; undefined where the value is not percent-encoded text. */
export function parseSshKeys(text: string): readonly string[] | undefined {
  try {
    return decodeURIComponent(text)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch {
    return undefined;
  }
}

export function formatSshKeys(keys: readonly string[]): string {
  return encodeURIComponent(keys.map((key) => key.trim()).join('\n'));
}
