// A provider that runs somewhere already, by whoever started it: `endpoint: grpc://host:port`.
import type { ObjectRef } from '#domain/object-ref';
import { clientTls, gateState, tlsTrouble, unsecured } from './gate.ts';
import type { ProviderRunner, RunnerState, RunOrder } from './runner.ts';
import { runsElsewhere } from './wish.ts';

/** Everything else is run by `inner`. */
export function orElsewhere(inner: ProviderRunner): ProviderRunner {
  const elsewhere = new Set<string>();
  const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`;
  return {
    ...inner,
    ensure: async (order) => {
      const address = runsElsewhere(order.wish);
      if (address === undefined) {
        elsewhere.delete(keyOf(order.wish));
        return await inner.ensure(order);
      }
      // The manifest may have meant PVE itself before.
      if (!elsewhere.has(keyOf(order.wish))) await inner.remove(order.wish, order.world);
      elsewhere.add(keyOf(order.wish));
      return stateOf(order, address);
    },
  };
}

function stateOf(order: RunOrder, address: string): RunnerState {
  const { wish, supplies } = order;
  const { tls } = wish.runtime;
  if (tls.kind === 'issued') {
    const remedy =
      'Name a Secret with tls.crt, tls.key and ca.crt in spec.runtime.service.tls.secretRef, or set enabled: false there';
    return unsecured(wish, 'TLSBlockMissing', 'nobody has said with which certificates', remedy);
  }
  const unsafe = tlsTrouble(order);
  if (unsafe !== undefined) return unsafe;
  const host = address.replace(/:\d+$/, '');
  const secured = supplies.tls === undefined ? {} : { tls: clientTls(supplies.tls, host, wish) };
  const message = `It runs at ${address}, where somebody else has started it.`;
  const { endpoint } = wish;
  return {
    phase: 'Running',
    reason: 'Elsewhere',
    message,
    address: { address, endpoint, ...secured },
    gate: gateState(tls),
  };
}
