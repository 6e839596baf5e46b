// The gRPC clients of the Providers that run. Their own controller says where each is; everybody else asks here.
import type { ObjectRef } from '#domain/object-ref';
import type { FinishedRpc } from '#runtime/metrics';
import { type ClientTls, createProviderClient, type ProviderClient } from '#rpc/client';

/** Where a Provider serves. */
export interface ProviderAddress {
  /** `host:port`. */
  readonly address: string;
  /** Plaintext where absent. */
  readonly tls?: ClientTls | undefined;
  /** The endpoint of the manifest that it was started with; undefined as long as several with different ones serve. */
  readonly endpoint?: string | undefined;
}

export interface Providers {
  /** undefined where it does not run, as far as we know. */
  clientOf(provider: ObjectRef): ProviderClient | undefined;
  /** Where it serves. */
  addressOf(provider: ObjectRef): ProviderAddress | undefined;
  /** Which PVE it reaches, as its manifest has it; undefined where that is not known. */
  endpointOf(provider: ObjectRef): string | undefined;
  /** From now on it is there; undefined: it is not. The same address again changes nothing. */
  set(provider: ObjectRef, address: ProviderAddress | undefined): void;
  close(): void;
}

interface Known {
  readonly address: ProviderAddress;
  readonly client: ProviderClient;
}

/** @param onCall told of every call that has ended */
export function createProviders(onCall: (call: FinishedRpc) => void = () => undefined): Providers {
  const known = new Map<string, Known>();
  const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`;
  const forget = (key: string): void => {
    known.get(key)?.client.close();
    known.delete(key);
  };
  return {
    clientOf: (provider) => known.get(keyOf(provider))?.client,
    addressOf: (provider) => known.get(keyOf(provider))?.address,
    endpointOf: (provider) => known.get(keyOf(provider))?.address.endpoint,
    set: (provider, address) => {
      const key = keyOf(provider);
      if (JSON.stringify(known.get(key)?.address) === JSON.stringify(address)) return;
      forget(key);
      if (address !== undefined)
        known.set(key, {
          address,
          client: createProviderClient({
            address: address.address,
            onCall,
            ...(address.tls === undefined ? {} : { tls: address.tls }),
          }),
        });
    },
    close: () => [...known.keys()].forEach(forget),
  };
}
