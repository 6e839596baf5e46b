// `query-url-metadata` (pve-behaviour 8.6): what a server says of a file, asked with HEAD.
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { askWeb, NoConnection, placeOf, type WebAnswer } from './web-request.ts';

export async function urlMetadata(
  sim: Sim,
  url: string,
  verifyCertificates: boolean,
): Promise<Record<string, unknown>> {
  const answer = await head(sim, url, verifyCertificates);
  if (answer.status !== 200) throw failure(`invalid server response: '${answer.status} ${answer.reason}'`);
  const filename = nameIn(answer.disposition ?? '') ?? /^[^?]+\/([^?/]*)(?:\?.*)?$/.exec(url)?.[1];
  const mimetype = /^[^;]+/.exec(answer.type ?? '')?.[0];
  return {
    ...(filename === undefined || filename === '' ? {} : { filename }),
    ...(answer.length === undefined || answer.length === 0 ? {} : { size: answer.length }),
    ...(mimetype === undefined ? {} : { mimetype }),
  };
}

function nameIn(disposition: string): string | undefined {
  return /filename="([^"]*)"/.exec(disposition)?.[1] ?? /filename=([^;]*)/.exec(disposition)?.[1];
}

async function head(sim: Sim, url: string, verifyCertificates: boolean): Promise<WebAnswer> {
  try {
    return await askWeb(sim, { method: 'HEAD', url, verifyCertificates });
  } catch (cause) {
    if (!(cause instanceof NoConnection)) throw cause;
    const { host, port } = placeOf(url);
    const refusal = failure(`invalid server response: '500 Can't connect to ${host}:${port} (${cause.message})'`);
    throw Object.assign(refusal, { cause });
  }
}
