import { createSecureContext } from 'node:tls';
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { GenService } from '@bufbuild/protobuf/codegenv2';
import { type ChannelCredentials, Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { Owner } from '#domain/owner';
import { type Clock, createClock } from '#runtime/clock';
import type { FinishedRpc } from '#runtime/metrics';
import { Provider } from './contract.ts';
import { codeName, faultOf } from './status.ts';
import { usualDeadlineMs } from './usual-deadlines.ts';

// The other end of the wire, typed by the contract: what a manager, the command line and tests call a provider with.

export interface ClientTls {
  /** PEM, as all of them. */
  readonly ca: string;
  /** Who we are; a provider that asks for it refuses who sends none. */
  readonly certificate?: string;
  readonly key?: string;
  /** The name the server's certificate must have, where it is not that of the address. */
  readonly serverName?: string;
  /** Whoever the server is. */
  readonly takesAny?: boolean;
}

export interface ClientOptions {
  /** `host:port`. */
  readonly address: string;
  /** Plaintext where absent. */
  readonly tls?: ClientTls;
  /** For every call that names none; where absent too, what VirtRigaud's manager gives each method. */
  readonly deadlineMs?: number;
  /** Whose VMs the calls are about. */
  readonly owner?: Partial<Owner>;
  /** Waits for the server until the deadline instead of failing at once. */
  readonly waitForReady?: boolean;
  readonly clock?: Clock;
  /** Told of every call when it has ended. */
  readonly onCall?: (call: FinishedRpc) => void;
}

export interface CallOptions {
  /** Real ms. */
  readonly deadlineMs?: number;
  readonly owner?: Partial<Owner>;
  /** Of the object that asks where that is no VirtualMachine: a VMSnapshot. */
  readonly objectUid?: string;
  /** How long ago the same was first asked for, of a Power or a SnapshotRevert; to the millisecond. */
  readonly askedSecondsAgo?: number;
  readonly signal?: AbortSignal;
}

const NO_ANSWER = { code: status.UNKNOWN, details: 'the server sent no answer' };

/** A function per unary method; every failure is a Fault whose message is the server's. */
export type ServiceCalls<Service> =
  Service extends GenService<infer Methods>
    ? {
        readonly [Name in keyof Methods as Methods[Name]['methodKind'] extends 'unary' ? Name : never]: Call<
          Methods[Name]['input'],
          Methods[Name]['output']
        >;
      }
    : never;

type Call<Input extends DescMessage, Output extends DescMessage> = (
  request: MessageInitShape<Input>,
  options?: CallOptions,
) => Promise<MessageShape<Output>>;

export type ProviderClient = ServiceCalls<typeof Provider> & { close(): void };

export function createProviderClient(options: ClientOptions): ProviderClient {
  return createClient(Provider, options);
}

export function createClient<Service extends DescService>(
  service: Service,
  options: ClientOptions,
): ServiceCalls<Service> & { close(): void } {
  const channel = openChannel(options);
  const calls = service.methods
    .filter((method) => method.methodKind === 'unary')
    .map((method) => [method.localName, callOf(channel, method as DescMethodUnary, options)] as const);
  return { ...(Object.fromEntries(calls) as ServiceCalls<Service>), close: () => channel.close() };
}

function openChannel({ address, tls }: ClientOptions): Client {
  return new Client(address, tls === undefined ? credentials.createInsecure() : secure(tls), {
    // Lists of thousands of VMs are larger than the 4 MiB gRPC allows by itself.
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
    // A provider is beside its manager; a proxy for the outside world is not on the way.
    'grpc.enable_http_proxy': 0,
    ...(tls?.serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': tls.serverName, 'grpc.default_authority': tls.serverName }),
  });
}

function secure(tls: ClientTls): ChannelCredentials {
  const { ca, certificate: cert, key, takesAny = false } = tls;
  const own = cert === undefined || key === undefined ? {} : { cert, key };
  const context = createSecureContext({ ca, ...own, minVersion: 'TLSv1.3' });
  return credentials.createFromSecureContext(context, { rejectUnauthorized: !takesAny });
}

function callOf<Input extends DescMessage, Output extends DescMessage>(
  channel: Client,
  method: DescMethodUnary<Input, Output>,
  options: ClientOptions,
): Call<Input, Output> {
  const clock = options.clock ?? createClock();
  const path = `/${method.parent.typeName}/${method.name}`;
  const write = (request: MessageShape<Input>): Buffer => Buffer.from(toBinary(method.input, request));
  const read = (bytes: Buffer): MessageShape<Output> => fromBinary(method.output, bytes);
  return async (request, call = {}) =>
    await new Promise((resolve, reject) => {
      const deadlineMs = call.deadlineMs ?? options.deadlineMs ?? usualDeadlineMs(method.name);
      const message = create(method.input, request);
      const metadata = metadataOf(call.owner ?? options.owner ?? {}, options.waitForReady ?? false);
      if (call.objectUid !== undefined) metadata.set('virtrigaud-object-uid', call.objectUid);
      if (call.askedSecondsAgo !== undefined)
        metadata.set('virtrigaud-asked-seconds-ago', call.askedSecondsAgo.toFixed(3));
      const deadline = clock.realNow() + deadlineMs;
      const began = performance.now();
      const abort = (): void => running.cancel();
      const running = channel.makeUnaryRequest(path, write, read, message, metadata, { deadline }, (error, answer) => {
        call.signal?.removeEventListener('abort', abort);
        const seconds = (performance.now() - began) / 1000;
        options.onCall?.({ method: method.name, code: codeName(error?.code ?? status.OK), seconds });
        if (error === null && answer !== undefined) resolve(answer);
        else reject(faultOf(error ?? NO_ANSWER, error));
      });
      call.signal?.addEventListener('abort', abort, { once: true });
      if (call.signal?.aborted === true) abort();
    });
}

function metadataOf(owner: Partial<Owner>, waitForReady: boolean): Metadata {
  const metadata = new Metadata({ waitForReady });
  for (const part of ['namespace', 'name', 'uid'] as const) {
    const value = owner[part];
    if (value !== undefined) metadata.set(`virtrigaud-owner-${part}`, value);
  }
  return metadata;
}
