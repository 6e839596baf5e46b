// A list, written while it is read: of ten thousand objects no more than a few dozen are in memory at once.
import type { ServerResponse } from 'node:http';
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type Resource } from '../resource.ts';
import type { Item, Listing } from '../verbs/list.ts';
import { NO_CACHE } from './answer.ts';

/** Custom kinds have their members by name, Kubernetes' own say first what they are and items do not repeat it (recording 002). */
export async function streamList(response: ServerResponse, listing: Listing, resource: Resource): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': NO_CACHE });
  const { listKind: kind, custom } = resource;
  const apiVersion = JSON.stringify(apiVersionOf(resource));
  const metadata = (withContinue: boolean): string => JSON.stringify(metadataOf(listing, withContinue));
  const head = custom
    ? `{"apiVersion":${apiVersion},"items":[`
    : `{"kind":"${kind}","apiVersion":${apiVersion},"metadata":${metadata(false)},"items":[`;
  const nextPiece = piecesOf(listing, custom);
  let piece = nextPiece();
  response.write(head);
  while (piece !== undefined) {
    if (!(await write(response, piece))) return;
    piece = nextPiece();
  }
  response.end(`${custom ? `],"kind":"${kind}","metadata":${metadata(true)}}` : ']}'}\n`);
}

/** Fewer, larger pieces: each costs a record of TLS. */
const PIECE_CHARACTERS = 16 * 1024;

/** The items in pieces, each made when it is asked for: as bytes, so that what waits for a slow reader is not on the heap. */
function piecesOf({ take }: Listing, custom: boolean): () => Buffer | undefined {
  let separator = '';
  return () => {
    let text = '';
    while (text.length < PIECE_CHARACTERS) {
      const items = take();
      if (items === undefined) return text === '' ? undefined : Buffer.from(text);
      for (const item of items) {
        text += `${separator}${textOf(item, custom)}`;
        separator = ',';
      }
    }
    return Buffer.from(text);
  };
}

function metadataOf({ revision, more }: Listing, withContinue: boolean) {
  const rest = more();
  return {
    ...(rest === undefined ? (withContinue ? { continue: '' } : {}) : { continue: rest.token }),
    ...(rest?.remaining === undefined ? {} : { remainingItemCount: rest.remaining }),
    resourceVersion: String(revision),
  };
}

function textOf({ text, object }: Item, custom: boolean): string {
  return custom ? (text ?? JSON.stringify(object())) : untyped(object());
}

function untyped(object: KubeObject): string {
  const { apiVersion: _, kind: __, ...rest } = object;
  return JSON.stringify(rest);
}

/** False: the client has gone. */
async function write(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(bytes)) return true;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
  return !response.destroyed;
}
