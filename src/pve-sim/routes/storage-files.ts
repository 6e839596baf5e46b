// Files brought to a storage: uploaded, or downloaded by a node (pve-behaviour 8.5, 8.6).
import { and, or, perm, type Rule } from '../access/rules.ts';
import { addressOf, canSsh, quotedSshOptions } from '../nodes/ssh.ts';
import { type Profile, perProfile } from '../profiles/profile.ts';
import { failure } from '../pve-error.ts';
import { nodeParams, storageProperty } from '../schema/endpoint-params.ts';
import { contentFormat } from '../schema/formats.ts';
import { flag, optional, type Property, type Schema, text } from '../schema/property.ts';
import { activate } from '../storage/activate.ts';
import { CHECKSUM_PARAMS, type Checksum } from '../storage/checksum.ts';
import { forkDownload } from '../storage/download-url.ts';
import type { FileContent } from '../storage/file-name.ts';
import { forkUpload } from '../storage/upload.ts';
import { urlMetadata } from '../web/url-metadata.ts';
import type { StorageState } from '../world/world.ts';
import { type Call, type Endpoint, needText, textParam } from './endpoint.ts';
import { storageOf } from './storage.ts';

const fill = perm('/storage/{storage}', 'Datastore.AllocateTemplate');
const url = text({ pattern: /https?:\/\/.*/ });
const COMPRESSIONS = ['gz', 'lzo', 'zst', 'bz2'];

/** Whoever lets a node reach out. */
function mayReachOut(profile: Profile): Rule {
  const administrator = perm('/', 'Sys.Audit', 'Sys.Modify');
  return profile.has('accessNetworkPrivilege')
    ? or(administrator, perm('/nodes/{node}', 'Sys.AccessNetwork'))
    : administrator;
}

function fileParams(profile: Profile): Schema {
  return {
    ...nodeParams,
    ...(profile.has('fileChecksums') ? CHECKSUM_PARAMS : {}),
    content: contentOf(profile),
    filename: text({ maxLength: 255 }),
    storage: storageProperty,
  };
}

function contentOf(profile: Profile): Property {
  return text({ format: contentFormat, enum: ['iso', 'vztmpl', ...(profile.has('importContent') ? ['import'] : [])] });
}

export const STORAGE_FILES: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/nodes/{node}/storage/{storage}/upload',
    params: perProfile((profile) => ({
      ...fileParams(profile),
      tmpfilename: optional(text({ pattern: /\/var\/tmp\/pveupload-[0-9a-f]+/ })),
    })),
    allow: fill,
    stays: true,
    handle: upload,
  },
  {
    method: 'POST',
    path: '/nodes/{node}/storage/{storage}/download-url',
    feature: 'downloadUrl',
    params: perProfile((profile) => ({
      ...fileParams(profile),
      ...(profile.has('downloadCompression') ? { compression: optional(text()) } : {}),
      url,
      'verify-certificates': flag(),
    })),
    allow: perProfile((profile) => and(fill, mayReachOut(profile))),
    handle: download,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/query-url-metadata',
    feature: 'downloadUrl',
    params: { ...nodeParams, url, 'verify-certificates': flag() },
    allow: perProfile(mayReachOut),
    handle: async ({ sim, params }) => await urlMetadata(sim, needText(params, 'url'), verifies(params)),
  },
];

function verifies(params: Call['params']): boolean {
  return textParam(params, 'verify-certificates') !== '0';
}

function checksumIn(params: Call['params']): Checksum | undefined {
  const value = textParam(params, 'checksum');
  return value === undefined ? undefined : { value, algorithm: needText(params, 'checksum-algorithm') };
}

/** The other node makes its storage ready first. @throws 500 where it cannot be asked */
async function activateOn({ sim, receivedBy }: Call, node: string, storage: StorageState): Promise<void> {
  const { world } = sim;
  if (node !== receivedBy) {
    const ssh = `/usr/bin/ssh ${quotedSshOptions(world, node)} ${addressOf(world, node)}`;
    const command = `${ssh} -- /usr/sbin/pvesm status --storage ${storage.id}`;
    if (!(await canSsh(sim, receivedBy, node))) {
      const why = `command '${command}' failed: exit code 255\n`;
      throw failure(`can't activate storage '${storage.id}' on node '${node}': ${why}`);
    }
  }
  activate(storage, node);
}

async function upload(call: Call): Promise<string> {
  const { sim, user, params, receivedBy } = call;
  const node = needText(params, 'node');
  const storage = storageOf(call);
  const content = needText(params, 'content');
  if (storage.path === undefined) throw failure(`can't upload to storage type '${storage.type}'`);
  if (!storage.content.includes(content))
    throw failure(`storage '${storage.id}' does not support '${content}' content`);
  if (call.upload === undefined) throw failure('upload failed');
  await activateOn(call, node, storage);
  return forkUpload(sim, {
    receivedBy,
    node,
    storage,
    content: content as FileContent,
    user,
    file: call.upload,
    checksum: checksumIn(params),
  });
}

function download(call: Call): string {
  const { sim, user, params } = call;
  const node = needText(params, 'node');
  const storage = storageOf(call);
  const content = needText(params, 'content');
  const compression = textParam(params, 'compression');
  if (storage.path === undefined)
    throw failure(`can't upload to storage type '${storage.type}', not a file based storage!`);
  if (!storage.content.includes(content))
    throw failure(`storage '${storage.id}' is not configured for content-type '${content}'`);
  activate(storage, node);
  if (compression !== undefined && content !== 'iso') throw failure(`decompression not supported for ${content}`);
  if (compression !== undefined && !COMPRESSIONS.includes(compression)) throw failure('no decompression method found');
  return forkDownload(sim, {
    node,
    storage,
    content: content as FileContent,
    user,
    url: needText(params, 'url'),
    filename: needText(params, 'filename'),
    checksum: checksumIn(params),
    compression,
    verifyCertificates: verifies(params),
  });
}
