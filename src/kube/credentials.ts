// What a request shows of us, and the connections it goes over. The library makes new connections for every request;
// these are kept until the certificates are others.
import { createHash } from 'node:crypto';
import type { AgentOptions } from 'node:https';
import type { KubeConfig, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

export interface CredentialSource {
  /** Rejects with what is wrong with a file, or with the program that is to give a token. */
  current(): Promise<Credentials>;
  close(): void;
}

/** Files of a pod's account change while it runs: they are looked at again after so many ms of real time. */
const FRESH_MS = 10_000;

export function credentialSource(config: KubeConfig, newContext: () => RequestContext): CredentialSource {
  const open = new Set<Dispatcher>();
  let known: { readonly credentials: Credentials; readonly identity: string; readonly at: number } | undefined;
  let reading: Promise<Credentials> | undefined;

  async function read(): Promise<Credentials> {
    const tls: AgentOptions = {};
    await config.applyToHTTPSOptions(tls);
    const identity = identityOf(config, tls);
    const context = newContext();
    await config.applySecurityAuthentication(context);
    const credentials = { headers: context.getHeaders(), dispatcher: kept(identity, context) };
    known = { credentials, identity, at: performance.now() };
    return credentials;
  }

  function kept(identity: string, context: RequestContext): Dispatcher {
    if (known?.identity === identity) return known.credentials.dispatcher;
    // Watches that stand go on to their end.
    if (known !== undefined) retire(known.credentials.dispatcher);
    const dispatcher = context.getDispatcher() ?? new Agent();
    open.add(dispatcher);
    return dispatcher;
  }

  function retire(dispatcher: Dispatcher): void {
    void dispatcher.close().then(
      () => open.delete(dispatcher),
      () => {},
    );
  }

  return {
    current: async () => {
      if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.credentials;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return await reading;
    },
    close: () => {
      for (const dispatcher of open) void dispatcher.destroy().catch(() => {});
    },
  };
}

/** Two with the same one may share connections. */
function identityOf(config: KubeConfig, tls: AgentOptions): string {
  const options = config.createDispatcherOptions(config.getCurrentCluster(), tls);
  return createHash('sha256').update(JSON.stringify(options)).digest('hex');
}
