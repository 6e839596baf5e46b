// Brings up the process behind the Provider, and tells everybody where it is.
import type { Phase, Visit } from '../work/controller.ts';
import { again, type Outcome, stuck, wait } from '../work/outcome.ts';
import { credentialsTrouble } from './credentials.ts';
import type { ProviderRunner, RunnerState } from './runner.ts';
import { suppliesOf } from './supplies.ts';
import { refOf, wishOf } from './wish.ts';

/** What takes no change of an object to get on: a pod that starts. */
const LOOK_AGAIN_S = 5;
/** Certificates come to their end, also of a provider whose health nobody looks at. */
const STEADY_S = 3600;

export function bringUp(runner: ProviderRunner): Phase {
  return async (visit) => {
    const { object, world } = visit;
    const wish = wishOf(object);
    const supplies = suppliesOf(wish, world.cache);
    const trouble = credentialsTrouble(wish, supplies);
    const told = await runner.ensure({ provider: object, wish, supplies, world, trouble });
    const state = told.isAsBefore === true ? { ...told, address: world.providers.addressOf(refOf(object)) } : told;
    world.providers.set(refOf(object), state.address);
    tellOfRuntime(visit, state);
    return outcomeOf(state);
  };
}

function outcomeOf({ phase, reason, message, address }: RunnerState): Outcome {
  // One that serves is asked how it is, whatever becomes of its successor.
  if (phase === 'Running' || address !== undefined) return again(STEADY_S);
  return phase === 'Failed' ? stuck(reason, message) : wait(LOOK_AGAIN_S, reason, message);
}

function tellOfRuntime({ status }: Visit, state: RunnerState): void {
  const { phase, reason, message, address, service, replicas } = state;
  status.fields['runtime'] = {
    mode: 'Remote',
    phase,
    message,
    ...(address === undefined ? {} : { endpoint: address.address }),
    ...(service === undefined ? {} : { serviceRef: { name: service } }),
    ...(replicas === undefined ? {} : { readyReplicas: replicas.ready, availableReplicas: replicas.available }),
  };
  status.setCondition('ProviderRuntimeReady', phase === 'Running' ? 'True' : 'False', reason, message);
  if (state.gate !== undefined) {
    status.setCondition('TLSConfigured', state.gate.isSecure ? 'True' : 'False', state.gate.reason, state.gate.message);
  }
  if (address !== undefined) return;
  status.fields['healthy'] = false;
  status.setCondition('ProviderAvailable', 'False', reason, message);
  status.setCondition('Healthy', 'Unknown', 'NotRunning', 'The provider does not run, so nobody asks PVE.');
}
