// Rock Ridge (SUSP IEEE P1281, RRIP IEEE P1282, 1.09): what gives the files of an ISO image their real names on Linux.
import { ascii, bytes, concat, u32Both } from './iso-bytes.ts';

/** May be listed by everybody. */
const DIRECTORY_MODE = 0o040555;
/** Read by root alone, as cloud-init is: user data may hold passwords. */
const FILE_MODE = 0o100400;

/** For the root directory's record of itself: this image uses SUSP, and these names are Rock Ridge's. */
export const ROOT_ENTRY = concat(susp('SP', bytes(0xbe, 0xef, 0)), attributes(DIRECTORY_MODE, 2), extension());

/** For every other folder's record of itself, and for records of parents. */
export const FOLDER_ENTRY = attributes(DIRECTORY_MODE, 2);

export function fileEntry(name: string): Uint8Array {
  return concat(attributes(FILE_MODE, 1), alternateName(name));
}

export function folderEntry(name: string): Uint8Array {
  return concat(attributes(DIRECTORY_MODE, 2), alternateName(name));
}

function alternateName(name: string): Uint8Array {
  return susp('NM', concat(bytes(0), ascii(name)));
}

function attributes(mode: number, links: number): Uint8Array {
  const owner = 0;
  const group = 0;
  return susp('PX', concat(u32Both(mode), u32Both(links), u32Both(owner), u32Both(group)));
}

function extension(): Uint8Array {
  const identifier = ascii('RRIP_1991A');
  return susp('ER', concat(bytes(identifier.length, 0, 0, 1), identifier));
}

/** One entry: signature, length, version 1, content. */
function susp(signature: string, content: Uint8Array): Uint8Array {
  return concat(ascii(signature), bytes(4 + content.length, 1), content);
}
