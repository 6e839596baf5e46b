// What the provider says it can do, asked when it has come up, and again until it answers.
import { Fault } from '#domain/fault';
import type { GetCapabilitiesResponse } from '#rpc/contract';
import type { ProviderClient } from '#rpc/client';
import type { Phase, Visit } from '../work/controller.ts';
import { again, DONE } from '../work/outcome.ts';
import { refOf } from './wish.ts';

const CONDITION = 'CapabilitiesReported';
const RETRY_S = 5;

export function learnCapabilities(): Phase {
  /** Those that have answered. */
  const asked = new WeakSet<ProviderClient>();
  return async (visit) => {
    const { object, world, signal } = visit;
    const client = world.providers.clientOf(refOf(object));
    if (client === undefined || asked.has(client)) return DONE;
    try {
      report(visit, await client.getCapabilities({}, { signal }));
      asked.add(client);
      return DONE;
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
