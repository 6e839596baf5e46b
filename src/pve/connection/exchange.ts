import type { Dispatcher } from 'undici';
import type { PveAnswer } from './request.ts';

/** An exchange that ended without an answer. `sent` is false only if not one byte of the request was written. */
export class ExchangeFailed extends Error {
  override readonly name = 'ExchangeFailed';
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super('the exchange ended without an answer', { cause });
    this.sent = sent;
  }
}

/**
 * One request and its whole answer, read as text. Once `signal` is aborted nothing is written any more.
 * undici's own `request` cannot say whether a failed request had left us, so this speaks to the dispatcher itself.
 */
export async function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<PveAnswer> {
  return await new Promise<PveAnswer>((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let head: Omit<PveAnswer, 'body'> | undefined;
    const chunks: Buffer[] = [];
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', stop);
      settle();
    };
    const fail = (cause: unknown): void => end(() => reject(new ExchangeFailed(controller !== undefined, cause)));
    const stop = (): void => {
      controller?.abort(signal.reason as Error);
      fail(signal.reason);
    };
    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    dispatcher.dispatch(options, {
      // Called right before the first byte is written, with the connection up.
      onRequestStart: (started) => {
        if (signal.aborted) started.abort(signal.reason as Error);
        else controller = started;
      },
      onResponseStart: (_controller, status, headers, reason) => {
        const date = headers['date'];
        head = { status, reason: reason ?? '', date: typeof date === 'string' ? date : undefined };
      },
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd: () => {
        if (head === undefined) return fail(new Error('the answer has no head'));
        const answer = { ...head, body: Buffer.concat(chunks).toString('utf8') };
        end(() => resolve(answer));
      },
      onResponseError: (_controller, error) => fail(error),
    });
  });
}
