// Under which name a file that is uploaded or downloaded is stored (pve-behaviour 8.5).
import { parameterError } from '../pve-error.ts';

export type FileContent = 'iso' | 'vztmpl' | 'import';

const LONGEST = 255;
const EXTENSIONS: Readonly<Record<FileContent, RegExp>> = {
  iso: /^.+\.(?:iso|img)$/i,
  vztmpl: /^.+\.tar\.(?:gz|xz|zst|bz2)$/i,
  import: /^[a-zA-Z0-9\-.+=_]+\.(?:ova|qcow2|raw|vmdk)$/,
};

/** The directory part goes, odd characters become `_`, and the extension has to fit. @throws 400 */
export function storedName(given: string, content: FileContent): string {
  const name = (given.split(/[/\\]/).at(-1) ?? '').replaceAll(/[^a-zA-Z0-9_.-]/g, '_');
  if (name.length > LONGEST) throw parameterError({ filename: `value may only be ${LONGEST} characters long` });
  if (EXTENSIONS[content].test(name)) return name;
  const isImport = content === 'import';
  throw parameterError({ filename: isImport ? 'invalid filename or wrong extension' : 'wrong file extension' });
}

/** As the list of a storage calls it. */
export function formatOfFile(name: string, content: FileContent): string {
  if (content === 'iso') return 'iso';
  const extension = name.split('.').at(-1) ?? '';
  return content === 'vztmpl' ? `t${extension}` : extension;
}
