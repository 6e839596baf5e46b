// A URL that lets whoever has it read one object of an S3 store for a while (AWS Signature Version 4, in the query).
import { createHash, createHmac } from 'node:crypto';
import type { S3Credentials, S3Object } from '#rpc/payload/s3';

export interface Validity {
  /** Real time, ms since the epoch. */
  readonly now: number;
  readonly seconds: number;
}

export function presignedUrl(object: S3Object, credentials: S3Credentials, { now, seconds }: Validity): string {
  const { origin, host, path } = addressOf(object);
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${stamp.slice(0, 8)}/${object.region}/s3/aws4_request`;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const query = Object.entries({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': stamp,
    'X-Amz-Expires': String(seconds),
    ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
    'X-Amz-SignedHeaders': 'host',
  })
    .map(([key, value]) => `${key}=${encode(value)}`)
    .join('&');
  const request = ['GET', path, query, `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const text = ['AWS4-HMAC-SHA256', stamp, scope, createHash('sha256').update(request).digest('hex')].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((above, part) => hmac(above, part), `AWS4${secretAccessKey}`);
  return `${origin}${path}?${query}&X-Amz-Signature=${hmac(key, text).toString('hex')}`;
}

function addressOf({ bucket, key, endpoint, region, pathStyle }: S3Object) {
  const base =
    endpoint ?? new URL(region === 'us-east-1' ? 'https://s3.amazonaws.com' : `https://s3.${region}.amazonaws.com`);
  const host = pathStyle ? base.host : `${bucket}.${base.host}`;
  const folder = base.pathname.replace(/\/$/, '');
  const names = [...(pathStyle ? [bucket] : []), ...key.split('/')].map(encode);
  return { origin: `${base.protocol}//${host}`, host, path: `${folder}/${names.join('/')}` };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Every byte but the unreserved ones, as the signature has it. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
