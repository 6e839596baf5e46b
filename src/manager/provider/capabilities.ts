// What the provider says it can do, asked when it has come up, again until it answers, and now and then.
import { Fault } from '#domain/fault';
import type { GetCapabilitiesResponse } from '#rpc/contract';
import type { ProviderClient } from '#rpc/client';
import type { Clock } from '#runtime/clock';
import type { Phase, Visit } from '../work/controller.ts';
import { again, DONE } from '../work/outcome.ts';
import { refOf } from './wish.ts';

const CONDITION = 'CapabilitiesReported';
const RETRY_S = 5;
/** Another image may have come behind the same address. */
const LASTS_S = 120;

export function learnCapabilities(clock: Clock): Phase {
  /** Program time of their last answer. */
  const answered = new WeakMap<ProviderClient, number>();
  return async (visit) => {
    const { object, world, signal } = visit;
    const client = world.providers.clientOf(refOf(object));
    if (client === undefined) return DONE;
    const leftMs = (answered.get(client) ?? Number.NEGATIVE_INFINITY) + LASTS_S * 1000 - clock.now();
    if (leftMs > 0) return { kind: 'done', againMs: leftMs };
    try {
      report(visit, await client.getCapabilities({}, { signal }));
      answered.set(client, clock.now());
      return again(LASTS_S);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      visit.status.setCondition(CONDITION, 'False', 'CapabilitiesUnavailable', error.message);
      return again(RETRY_S);
    }
  };
}

function report({ status }: Visit, answer: GetCapabilitiesResponse): void {
  const { $typeName: _type, $unknown: _unknown, ...reported } = answer;
  status.fields['reportedCapabilities'] = reported;
  status.fields['capabilities'] = wordsOf(answer);
  status.setCondition(CONDITION, 'True', 'CapabilitiesFetched', 'The provider has said what it can do.');
}

/** What every provider does, and what this one says. */
function wordsOf(answer: GetCapabilitiesResponse): string[] {
  return [
    'VirtualMachines',
    ...(answer.supportsSnapshots ? ['Snapshots'] : []),
    'Cloning',
    'ConsoleAccess',
    ...(answer.supportsDiskExpansionOnline ? ['DiskManagement'] : []),
    'NetworkManagement',
    ...(answer.supportsImageImport ? ['Templates'] : []),
  ];
}
