import type { DescMethod, DescMethodUnary, DescService } from '@bufbuild/protobuf';
import type { MethodDefinition, Server } from '@grpc/grpc-js';
import { serveUnary, type UnaryOptions } from './serve-unary.ts';
import type { Handlers } from './service.ts';

/** Adds every unary method of `service` to `server`; what has no handler answers Unimplemented by name. */
export function serveService<Service extends DescService>(
  server: Server,
  service: Service,
  handlers: Handlers<Service>,
  options: UnaryOptions,
): void {
  // The types tie each handler to its own method; here they are looked up by name.
  const byName = handlers as Readonly<Record<string, Parameters<typeof serveUnary>[1]>>;
  for (const method of service.methods.filter(isUnary)) {
    const handle = serveUnary(method, byName[method.localName], options);
    server.addService({ [method.name]: bytesDefinition(method) }, { [method.name]: handle });
  }
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}

/** A method whose messages reach us as bytes, so that reading them is ours and a bad one is answered in our words. */
export function bytesDefinition(method: DescMethod): MethodDefinition<Buffer, Buffer> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}
