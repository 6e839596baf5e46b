import { type ServerInterceptor, ServerInterceptingCall } from '@grpc/grpc-js';
import type { Logger } from '#runtime/log';
import { authorisePeer } from './peer.ts';
import { statusOf } from './status.ts';

/** Turns away every call, also those for health, whose client certificate has none of the names in `allowed`. */
export function peerGate(allowed: readonly string[], log: Logger): ServerInterceptor {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        try {
          authorisePeer(allowed, call.getAuthContext().sslPeerCertificate);
        } catch (error) {
          const { code, details } = statusOf(error, path);
          log.warn('gRPC request refused', { method: path, peer: call.getPeer(), error: details });
          call.sendStatus({ code, details });
          return;
        }
        next();
      },
    });
}
