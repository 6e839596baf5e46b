// The upload's multipart body, with PVE's demands on it (pve-behaviour 8.5, 28.9): the fields first, then the file part,
// which must be named `filename`; Content-Disposition is the first header of every part.
import { BadRequest, TransportError } from '../pve-error.ts';
import { AT_SERVER } from './perl-json.ts';

export interface UploadedFile {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface MultipartBody {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: UploadedFile;
}

/** The fields that may come before the file, in their order (pve-behaviour 28.9). */
const FIELDS = ['content', 'checksum-algorithm', 'checksum'];

interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  /** Where its data begins. */
  readonly start: number;
}

export function parseMultipart(contentType: string, body: Buffer): MultipartBody {
  const boundary = boundaryOf(contentType);
  const fields: Record<string, string> = {};
  let next = 0;
  let at = body.indexOf(`--${boundary}`);
  while (at >= 0) {
    const part = parseHead(body, at + boundary.length + 4);
    if (part.fileName !== undefined)
      return { fields, file: { name: part.fileName, data: fileData(body, part, boundary) } };
    const place = FIELDS.indexOf(part.name);
    if (place < next) throw part.name === 'filename' ? refusal('upload failed') : new BadRequest();
    const end = body.indexOf(`\r\n--${boundary}`, part.start);
    fields[part.name] = body.toString('utf8', part.start, end < 0 ? part.start : end).trim();
    next = place + 1;
    at = end < 0 ? -1 : end + 2;
  }
  throw refusal('upload failed');
}

function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw refusal('upload failed');
  return boundary;
}

function parseHead(body: Buffer, at: number): Part {
  const split = body.indexOf('\r\n\r\n', at);
  const head = body.toString('utf8', at, Math.max(at, split));
  const disposition = /^Content-Disposition: form-data; name="([^"]*)"(?:; filename="([^"]+)")?/.exec(head);
  if (disposition === null) throw refusal('upload failed');
  const [, name = '', fileName] = disposition;
  if (fileName !== undefined && name !== 'filename')
    throw refusal(`wrong field name '${name}' for file upload, expected 'filename'`);
  return { name, fileName, start: split + 4 };
}

/** All up to the end of the body: what follows the file belongs to it (recording one-node/101). */
function fileData(body: Buffer, { start }: Part, boundary: string): Uint8Array {
  const end = body.lastIndexOf(`\r\n--${boundary}--`);
  return new Uint8Array(body.subarray(start, Math.max(start, end)));
}

function refusal(text: string): TransportError {
  return new TransportError(500, `${text}${AT_SERVER}`);
}
