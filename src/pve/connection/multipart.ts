import { randomBytes } from 'node:crypto';
import { paramTexts, type Params } from './params.ts';

export interface Upload {
  /** Sent before the file, in this order: `content` first, `checksum` after `checksum-algorithm`. */
  readonly fields: Params;
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

export interface MultipartBody {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/**
 * An upload as PVE's parser takes it: fields before the file, the file last under the name `filename`, and
 * `Content-Disposition` the first header of each part (pve-behaviour 8.5, 28.9). The whole body is in memory,
 * because PVE refuses chunked bodies and wants the length beforehand.
 */
export function encodeMultipart(upload: Upload): MultipartBody {
  const boundary = `vrtg-${randomBytes(16).toString('hex')}`;
  const fields = Object.entries(upload.fields).flatMap(([name, value]) =>
    paramTexts(value).map((text) => `--${boundary}\r\n${disposition(name)}\r\n\r\n${text}\r\n`),
  );
  const fileHead = `--${boundary}\r\n${disposition('filename', upload.fileName)}\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const body = Buffer.concat([
    Buffer.from(fields.join('') + fileHead),
    upload.bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return { contentType: `multipart/form-data; boundary=${boundary}`, body };
}

function disposition(name: string, fileName?: string): string {
  const file = fileName === undefined ? '' : `; filename="${fileName.replace(/["\r\n\\]/g, '_')}"`;
  return `Content-Disposition: form-data; name="${name}"${file}`;
}
