// The upload's multipart body, with PVE's demands on it (pve-behaviour 8.5, 28.9): the fields first, then the file part,
// which must be named `filename`; Content-Disposition is the first header of every part. What follows the file is not read
// (recording one-node/101).
import { TransportError } from '../pve-error.ts';
import { AT_SERVER } from './perl-json.ts';

export interface UploadedFile {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface MultipartBody {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: UploadedFile;
}

interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly data: Buffer;
}

export function parseMultipart(contentType: string, body: Buffer): MultipartBody {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const parts = splitParts(body, boundary?.[1] ?? boundary?.[2] ?? '');
  const fields: Record<string, string> = {};
  for (const part of parts) {
    if (part.fileName === undefined) {
      fields[part.name] = part.data.toString('utf8').trim();
      continue;
    }
    if (part.name !== 'filename') throw refusal(`wrong field name '${part.name}' for file upload, expected 'filename'`);
    return { fields, file: { name: part.fileName, data: new Uint8Array(part.data) } };
  }
  throw refusal('upload failed');
}

function refusal(text: string): TransportError {
  return new TransportError(500, `${text}${AT_SERVER}`);
}

function splitParts(body: Buffer, boundary: string): Part[] {
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let start = body.indexOf(delimiter);
  if (boundary === '' || start < 0) throw refusal('upload failed');
  for (;;) {
    start += delimiter.length;
    const end = body.indexOf(Buffer.from(`\r\n--${boundary}`), start);
    if (end < 0) return parts;
    parts.push(parsePart(body.subarray(start + 2, end)));
    start = end + 2;
  }
}

function parsePart(part: Buffer): Part {
  const split = part.indexOf('\r\n\r\n');
  const head = part.subarray(0, Math.max(0, split)).toString('utf8');
  const disposition = /^Content-Disposition: form-data; name="([^"]*)"(?:; filename="([^"]+)")?/.exec(head);
  if (disposition === null) throw refusal('upload failed');
  return { name: disposition[1] ?? '', fileName: disposition[2], data: part.subarray(split + 4) };
}
