import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { type handleUnaryCall, status } from '@grpc/grpc-js';
import { Fault } from '#domain/fault';
import type { Clock } from '#runtime/clock';
import { DeadlineError } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import type { Calls } from './calls.ts';
import type { CallContext, Handler } from './service.ts';
import { type CallStatus, codeName, statusOf } from './status.ts';

// One unary call from bytes to bytes: read the request, give it a context, run the handler, tell the status, log the line.

/** What a finished call tells the metrics. */
export interface FinishedCall {
  readonly method: string;
  /** `OK`, `Aborted`, ... */
  readonly code: string;
  readonly seconds: number;
}

export interface UnaryOptions {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly log: Logger;
  /** Logs a good end as debug too: for probes. */
  readonly quiet?: boolean;
  readonly onCall?: ((call: FinishedCall) => void) | undefined;
}

/** Serves `method`; without a handler it answers Unimplemented by name. */
export function serveUnary<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodUnary<Input, Output>,
  handler: Handler<Input, Output> | undefined,
  options: UnaryOptions,
): handleUnaryCall<Buffer, Buffer> {
  const run = handler ?? unsupported;
  return (call, respond) => {
    const line = startLine(method, options);
    const work = async (context: CallContext): Promise<Buffer> => {
      const answer = await run(readRequest(method, call.request), context).catch((error: unknown) => {
        throw reasonOf(error, context);
      });
      return Buffer.from(toBinary(method.output, create(method.output, answer)));
    };
    options.calls.run(method.name, call, work).then(
      (bytes) => {
        line({ code: status.OK, details: '' });
        respond(null, bytes);
      },
      (error: unknown) => {
        const answer = statusOf(error, method.name);
        line(answer, error);
        respond({ code: answer.code, details: answer.details });
      },
    );
  };
}

async function unsupported(_: unknown, { method }: CallContext): Promise<never> {
  return await Promise.reject(
    new Fault('unsupported', { subject: method, why: 'not supported by this version of the provider' }),
  );
}

function readRequest<Input extends DescMessage>(method: DescMethodUnary<Input>, bytes: Buffer): MessageShape<Input> {
  try {
    return fromBinary(method.input, bytes);
  } catch (cause) {
    throw new Fault(
      'invalid-spec',
      { subject: method.name, why: `the request is not a ${method.input.name}` },
      { cause },
    );
  }
}

/** After the end of the call's time every error that is not ours (an aborted request, say) means just that. */
function reasonOf(error: unknown, { deadline: { signal } }: CallContext): unknown {
  if (error instanceof Fault || error instanceof DeadlineError || !signal.aborted) return error;
  const reason: unknown = signal.reason;
  if (reason instanceof Fault) return new Fault(reason.kind, reason.text, { cause: error });
  return new DeadlineError('the deadline of the call is over', { cause: error });
}

type EndLine = (answer: CallStatus, error?: unknown) => void;

/** Logs the start of a call; the result logs and counts its end. Requests and answers are never logged: they hold secrets. */
function startLine(method: DescMethodUnary, { clock, log, quiet, onCall }: UnaryOptions): EndLine {
  const path = `/${method.parent.typeName}/${method.name}`;
  const started = clock.now();
  log.debug('gRPC request started', { method: path });
  return ({ code, details }, error) => {
    const ms = clock.now() - started;
    const fields = { method: path, duration: `${ms.toFixed(1)}ms`, code: codeName(code) };
    onCall?.({ method: method.name, code: codeName(code), seconds: ms / 1000 });
    if (code !== status.OK) log.error('gRPC request completed', { ...fields, error: details, cause: causeOf(error) });
    else if (quiet === true) log.debug('gRPC request completed', fields);
    else log.info('gRPC request completed', fields);
  };
}

/** For the log alone: what lies behind the text the caller gets. */
function causeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return error === undefined ? undefined : `a thrown ${typeof error}`;
  if (error instanceof Fault || error instanceof DeadlineError) return causeOf(error.cause);
  const place = error.stack?.split('\n').find((line) => line.trim().startsWith('at '));
  return [`${error.name}: ${error.message}`, place?.trim(), causeOf(error.cause)]
    .filter((part) => part !== undefined)
    .join(' <- ');
}
