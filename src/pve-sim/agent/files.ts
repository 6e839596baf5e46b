// `file-read` and `file-write`: files are kept per guest, every character a byte.
import { AgentError, type Inside } from './inside.ts';

export interface ReadWish {
  readonly file: string;
  readonly offset: number;
  readonly count: number;
}

export function readFile({ guest }: Inside, { file, offset, count }: ReadWish): Record<string, unknown> | AgentError {
  const all = guest.files?.[file];
  if (all === undefined) return notOpened(file, 'r');
  const content = all.slice(offset, offset + count);
  const isCut = offset + count < all.length;
  return { content, 'bytes-read': content.length, ...(isCut ? { truncated: 1 } : {}) };
}

export function writeFile({ guest }: Inside, file: string, bytes: string): AgentError | undefined {
  if (file === '' || file.endsWith('/')) return notOpened(file, 'w');
  guest.files = { ...guest.files, [file]: bytes };
  return undefined;
}

function notOpened(file: string, mode: string): AgentError {
  const why = file.endsWith('/') ? 'Is a directory' : 'No such file or directory';
  return new AgentError(`failed to open file '${file}' (mode: '${mode}'): ${why}`);
}
