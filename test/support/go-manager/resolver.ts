// The manager's way to a provider: a cached connection that has to prove itself by Validate each time it is used.
import type { CallOptions, ProviderClient } from '#rpc/client';
import { type Connection, type ConnectionOptions, dial } from './client.ts';

export interface Resolver {
  /** Throws where no connection validates, a new one included. */
  resolve(about: string): Promise<Connection>;
  close(): void;
}

export interface ResolverOptions extends Omit<ConnectionOptions, 'address'> {
  /** Where the provider is now; undefined while its Deployment has no ready pod. */
  readonly endpoint: () => string | undefined;
}

export function createResolver(options: ResolverOptions): Resolver {
  let cached: Connection | undefined;

  function drop(connection: Connection): void {
    connection.close();
    if (cached === connection) cached = undefined;
  }

  return {
    resolve: async (about) => {
      const address = options.endpoint();
      if (address === undefined) throw new Error('the provider is not running');
      const tried = cached;
      if (tried !== undefined) {
        const isValid = await validate(tried, about).then(
          () => true,
          () => false,
        );
        if (isValid) return tried;
        drop(tried);
      }
      cached ??= dial({ ...options, address });
      const connection = cached;
      await validate(connection, about).catch((error: unknown) => {
        drop(connection);
        throw error;
      });
      return connection;
    },
    close: () => {
      if (cached !== undefined) drop(cached);
    },
  };
}

/** `ok=false` counts as a failure here, though not for the breaker. */
async function validate(connection: Connection, about: string): Promise<void> {
  const send = async (client: ProviderClient, options: CallOptions) => await client.validate({}, options);
  const { ok, message } = await connection.call('validate', about, send);
  if (!ok) throw new Error(`the provider says it is not valid: ${message}`);
}
