// A node fetches a file, and tells of it as wget does.
import { localTime } from '../local-time.ts';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { askWeb, NoConnection, placeOf, type WebAnswer } from './web-request.ts';

export interface WgetWish {
  readonly url: string;
  /** Where it goes to. */
  readonly target: string;
  readonly verifyCertificates: boolean;
  /** How many bytes there is room for. */
  readonly room: () => number;
}

/** @throws with the last line that wget prints */
export async function wget(sim: Sim, worker: Process, wish: WgetWish): Promise<Uint8Array> {
  const { url, verifyCertificates } = wish;
  const { signal } = worker;
  worker.log(`--${stamp(sim)}--  ${url}`);
  try {
    const answer = await askWeb(sim, { method: 'GET', url, verifyCertificates, signal });
    await worker.work(0);
    logAnswer(sim, worker, wish, answer);
    if (answer.status !== 200) throw failure(`${stamp(sim)} ERROR ${answer.status}: ${answer.reason}.`);
    const data = await readAll(worker, wish, answer);
    worker.log(`${stamp(sim)} - '${wish.target}' saved [${data.length}/${answer.length ?? data.length}]`);
    return data;
  } catch (cause) {
    if (signal?.aborted === true) throw Object.assign(failure('interrupted by signal'), { cause });
    throw cause instanceof NoConnection ? Object.assign(failure(lastLine(cause, url)), { cause }) : cause;
  }
}

function stamp(sim: Sim): string {
  return localTime(sim.clock.now());
}

function logAnswer(sim: Sim, worker: Process, { url, target }: WgetWish, answer: WebAnswer): void {
  worker.log(`Connecting to ${new URL(answer.url).host}... connected.`);
  if (answer.url !== url) {
    worker.log(`Location: ${answer.url} [following]`);
    worker.log(`--${stamp(sim)}--  ${answer.url}`);
  }
  worker.log(`HTTP request sent, awaiting response... ${answer.status} ${answer.reason}`);
  if (answer.status !== 200) return;
  worker.log(`Length: ${answer.length ?? 'unspecified'} [${answer.type ?? 'text/plain'}]`);
  worker.log(`Saving to: '${target}'`);
}

async function readAll(worker: Process, { target, room }: WgetWish, answer: WebAnswer): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body()) {
    await worker.work(0);
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > room()) throw failure(`Cannot write to '${target}' (No space left on device).`);
    worker.log(progress(bytes, answer.length));
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function progress(bytes: number, length: number | undefined): string {
  const done = `${Math.floor(bytes / 1024)}K`.padStart(6);
  return length === undefined ? `${done} ...` : `${done} ... ${Math.floor((bytes * 100) / Math.max(1, length))}%`;
}

function lastLine({ kind, message, address }: NoConnection, url: string): string {
  const { host, port } = placeOf(url);
  if (kind === 'name') return `wget: unable to resolve host address '${host}'`;
  if (kind === 'certificate') return `To connect to ${host} insecurely, use \`--no-check-certificate'.`;
  const isName = address !== undefined && address !== host;
  return `Connecting to ${isName ? `${host} (${host})|${address}|` : host}:${port}... failed: ${message}.`;
}
