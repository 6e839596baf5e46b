// An object of an S3 store, as the manager names it: the URL, the storage's options, and the credentials apart.
import { invalidSpec } from '#domain/fault';
import { JsonObject, parseJsonField } from './json-object.ts';
import { flag, text } from './values.ts';

export interface S3Object {
  readonly bucket: string;
  readonly key: string;
  /** `https://host[:port]`, also http; undefined: Amazon's. */
  readonly endpoint: URL | undefined;
  readonly region: string;
  /** The bucket is the first part of the path instead of the host's name. */
  readonly pathStyle: boolean;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

const DEFAULT_REGION = 'us-east-1';

export function decodeS3Object(url: URL, optionsJson: string): S3Object {
  const key = decoded(url.pathname.replace(/^\//, ''));
  if (url.hostname === '' || key === '') {
    throw invalidSpec('source_url', 'names no bucket and key', 'Write it like s3://bucket/path/to/disk.qcow2');
  }
  const options = new JsonObject(parseJsonField('storage_options_json', optionsJson) ?? {}, 'storage_options_json');
  const endpoint = options.get('endpoint', text);
  const region = options.get('region', text) ?? DEFAULT_REGION;
  const pathStyle = options.get('usePathStyle', flag) ?? false;
  options.ignore('backend', 'bucket', 'prefix');
  options.finish();
  return {
    bucket: url.hostname,
    key,
    endpoint: endpoint === undefined ? undefined : readEndpoint(endpoint),
    region,
    pathStyle,
  };
}

/** A manager may have escaped the key or not. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A bare host is one with TLS. */
function readEndpoint(endpoint: string): URL {
  const spelt = /^[a-z]+:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`;
  const url = URL.canParse(spelt) ? new URL(spelt) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '') return url;
  throw invalidSpec('storage_options_json.endpoint', 'is no address of an S3 store', 'Use https://host or http://host');
}

export function decodeS3Credentials(credentials: Readonly<Record<string, string>>): S3Credentials {
  const { accessKeyID: accessKeyId = '', secretAccessKey = '', sessionToken = '' } = credentials;
  for (const [key, value] of Object.entries({ accessKeyID: accessKeyId, secretAccessKey })) {
    if (value === '') throw invalidSpec(`credentials.${key}`, 'is missing', 'Give the keys of the S3 store');
  }
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken === '' ? undefined : sessionToken };
}
