import { create, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Server, type ServerWritableStream, status } from '@grpc/grpc-js';
import { Fault } from '#domain/fault';
import { Health, ServingStatus } from './contract.ts';
import { bytesDefinition, serveService } from './serve-service.ts';
import type { UnaryOptions } from './serve-unary.ts';
import type { Handlers } from './service.ts';

// grpc.health.v1 for the server as a whole ("") and for "provider"; both are always in the same state.

type Watcher = ServerWritableStream<Buffer, Buffer>;
type Response = MessageShape<typeof Health.method.check.output>;

const SERVICES: ReadonlySet<string> = new Set(['', 'provider']);

export class HealthService {
  /** With the service each asked for. */
  readonly #watchers = new Map<Watcher, string>();
  #serving = true;

  isServing(): boolean {
    return this.#serving;
  }

  /** Tells everybody who watches. */
  setServing(serving: boolean): void {
    this.#serving = serving;
    for (const [watcher, service] of this.#watchers) watcher.write(encode(this.#statusOf(service)));
  }

  /** Ends the watches, which would otherwise keep their connections open for ever. */
  endWatches(): void {
    for (const watcher of this.#watchers.keys()) {
      watcher.emit('error', { code: status.UNAVAILABLE, details: 'the provider is stopping' });
    }
    this.#watchers.clear();
  }

  addTo(server: Server, options: UnaryOptions): void {
    const { watch } = Health.method;
    serveService(server, Health, this.#handlers(), options);
    server.addService({ [watch.name]: bytesDefinition(watch) }, { [watch.name]: (call: Watcher) => this.#watch(call) });
  }

  #handlers(): Handlers<typeof Health> {
    return {
      check: async ({ service }) => {
        if (SERVICES.has(service)) return await Promise.resolve({ status: this.#statusOf(service) });
        throw new Fault('not-found', { subject: `service "${service}"`, why: 'not known here' });
      },
    };
  }

  #watch(call: Watcher): void {
    const { service } = fromBinary(Health.method.watch.input, call.request);
    this.#watchers.set(call, service);
    call.once('cancelled', () => this.#watchers.delete(call));
    call.write(encode(this.#statusOf(service)));
  }

  #statusOf(service: string): Response['status'] {
    if (!SERVICES.has(service)) return ServingStatus.SERVICE_UNKNOWN;
    return this.#serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }
}

function encode(serving: Response['status']): Buffer {
  const schema = Health.method.watch.output;
  return Buffer.from(toBinary(schema, create(schema, { status: serving })));
}
