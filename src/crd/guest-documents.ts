// The documents a guest gets: written in manifests, kept in Secrets, or both.
import { invalidSpec } from '#domain/fault';
import type { GuestDocument, SecretEntry } from '#domain/guest-document';
import type { SshKeys } from '#domain/virtual-machine';
import { type Document, isMap, parseDocument } from 'yaml';
import type { Find } from './referred.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8').decode(bytes);

/** Byte for byte where there is one; two become a MIME message, as VirtRigaud's manager makes it. */
export function userDataBytes(document: GuestDocument | undefined, find: Find, path: string): Uint8Array | undefined {
  const secret = secretBytes(document?.secret, find, path);
  if (document?.inline === undefined || secret === undefined) return secret ?? inlineBytes(document);
  const inline = mimePart(document.inline, `${path}.inline`);
  return encode(mimeMessage([inline, mimePart(partText(secret, path), `${path}.secretRef`)]));
}

/** Bytes that are no text cannot be a part beside another. */
function partText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidSpec(`${path}.secretRef`, 'its document is no text (gzip?), and there is an inline one too', KEEP_ONE);
  }
}

/** Meta data with the keys that may log in: cloud-init reads `public-keys` beside any user data. */
export function metaDataBytes(
  document: GuestDocument | undefined,
  keys: readonly string[],
  find: Find,
  path: string,
): Uint8Array | undefined {
  const secret = secretBytes(document?.secret, find, path);
  const inline = document?.inline;
  const own =
    inline === undefined || secret === undefined
      ? (secret ?? inlineBytes(document))
      : encode(`${inline}\n${decode(secret)}`);
  return keys.length === 0 ? own : encode(withPublicKeys(own === undefined ? '' : decode(own), keys, path));
}

function inlineBytes(document: GuestDocument | undefined): Uint8Array | undefined {
  return document?.inline === undefined ? undefined : encode(document.inline);
}

const BOUNDARY = 'VIRTRIGAUD_CLOUD_INIT_BOUNDARY';
const KEEP_ONE = 'Keep one of the two';

/** By how a document begins; cloud-init believes what a part says of itself, and looks no further. */
const PART_TYPES: readonly (readonly [begins: string, type: string])[] = [
  ['#!', 'text/x-shellscript'],
  ['#include', 'text/x-include-url'],
  ['#cloud-boothook', 'text/cloud-boothook'],
  ['#cloud-config-archive', 'text/cloud-config-archive'],
  ['## template: jinja', 'text/jinja2'],
];

function mimePart(document: string, path: string): string {
  if (/^(content-type|mime-version):/i.test(document)) {
    throw invalidSpec(path, 'it is a MIME message itself, and there is a second document', 'Make it one of its parts');
  }
  const type = PART_TYPES.find(([begins]) => document.startsWith(begins))?.[1] ?? 'text/cloud-config';
  return `Content-Type: ${type}; charset="utf-8"\n\n${document}\n`;
}

function mimeMessage(parts: readonly string[]): string {
  const head = `Content-Type: multipart/mixed; boundary="${BOUNDARY}"\nMIME-Version: 1.0\n\n`;
  return `${head}${parts.map((part) => `--${BOUNDARY}\n${part}`).join('')}--${BOUNDARY}--\n`;
}

function withPublicKeys(own: string, keys: readonly string[], path: string): string {
  const document: Document = parseDocument(own === '' ? '{}' : own);
  if (document.errors.length > 0 || !isMap(document.contents)) {
    throw invalidSpec(path, 'it is no YAML mapping, into which the SSH keys could be put', 'Write it as a mapping');
  }
  if (document.contents.has('public-keys')) {
    throw invalidSpec(path, 'it has "public-keys", and there are sshKeys', 'Keep one of the two');
  }
  document.contents.flow = false;
  document.contents.set('public-keys', document.createNode([...keys]));
  return document.toString({ lineWidth: 0 });
}

/** Each once, in order. Throws `invalid-spec` for a line that is no public key. */
export function sshKeyLines(said: SshKeys | undefined, find: Find, path: string): string[] {
  const inline = linesOf(said?.inline ?? '', `${path}.inline`);
  if (said?.secret === undefined) return [...new Set(inline)];
  const { secret, keys } = said.secret;
  const field = `${path}.secretRef`;
  const entries = find('Secret', secret, field).entries ?? {};
  const missing = keys.find((key) => entries[key] === undefined);
  if (missing !== undefined)
    throw invalidSpec(field, `the Secret "${secret.name}" has no entry "${missing}"`, 'Add it');
  const chosen = keys.length === 0 ? Object.keys(entries).sort() : keys;
  const lines = chosen.flatMap((key) => linesOf(decode(entries[key] ?? new Uint8Array()), `${field}: entry "${key}"`));
  return [...new Set([...inline, ...lines])];
}

/** As in an `authorized_keys` file: empty lines and comments are left out. */
function linesOf(text: string, path: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return [];
    // Options may stand before the type. What is no key (a private one, say) is never passed on.
    if (/(^|[ ,"])(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-\S+@openssh\.com) \S+/.test(line)) return [line];
    throw invalidSpec(path, `line ${index + 1} is no public key`, 'Write one key a line, as in authorized_keys');
  });
}

function secretBytes(entry: SecretEntry | undefined, find: Find, path: string): Uint8Array | undefined {
  if (entry === undefined) return undefined;
  const field = `${path}.secretRef`;
  const entries = find('Secret', entry.secret, field).entries ?? {};
  const key = entry.keys.find((name) => entries[name] !== undefined);
  if (key !== undefined) return entries[key];
  throw invalidSpec(field, `the Secret "${entry.secret.name}" has none of ${entry.keys.join(', ')}`, 'Name it so');
}
