// A provider that runs somewhere already, by whoever started it: `endpoint: grpc://host:port`.
import type { ObjectRef } from '#domain/object-ref';
import { clientTls, gateState, missingOf } from './gate.ts';
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
  const message = `It runs at ${address}, where somebody else has started it.`;
  const state = { phase: 'Running', reason: 'Elsewhere', message } as const;
  if (tls.kind === 'off') return { ...state, address: { address }, gate: gateState(tls) };
  if (tls.kind === 'issued') return notSecured(order, 'TLSBlockMissing', 'nobody has said with which certificates');
  if (supplies.tls === undefined) return notSecured(order, 'TLSSecretNotFound', 'its Secret is not there');
  const missing = missingOf(supplies.tls);
  if (missing.length > 0)
    return notSecured(order, 'TLSSecretIncomplete', `its Secret has no ${missing.join(' and no ')}`);
  const host = address.replace(/:\d+$/, '');
  return { ...state, address: { address, tls: clientTls(supplies.tls, host, wish) }, gate: gateState(tls) };
}

function notSecured({ wish: { namespace, name } }: RunOrder, reason: string, why: string): RunnerState {
  const remedy =
    'Name a Secret with tls.crt, tls.key and ca.crt in spec.runtime.service.tls.secretRef, or set enabled: false there';
  const message = `Provider ${namespace}/${name}: connect: ${why}. ${remedy}.`;
  return { phase: 'Failed', reason, message, gate: { isSecure: false, reason, message } };
}
