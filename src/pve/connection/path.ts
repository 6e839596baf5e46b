/**
 * A path below `/api2/json` with every inserted value as one encoded segment:
 * path`/nodes/${node}/qemu/${vmid}/config`. A volume id becomes one segment too, which PVE unescapes before it
 * routes (pve-behaviour 1.1).
 */
export function path(texts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return texts.reduce((text, next, index) => {
    const value = values[index - 1];
    return text + (value === undefined ? '' : encodeURIComponent(value)) + next;
  }, '');
}

/** The node a path is about, in its encoded form; undefined for paths that any node answers by itself. */
export function nodeOfPath(text: string): string | undefined {
  return /^\/nodes\/([^/]+)/.exec(text)?.[1];
}
