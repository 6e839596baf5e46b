import type { Phase } from '../work/controller.ts';
import { DONE } from '../work/outcome.ts';
import { vmsOf } from './users.ts';
import { refOf } from './wish.ts';

/** Last of all: how many VMs there are, and whether all is well. One that serves may have failed to become what is wished. */
export const reportReady: Phase = async (visit) => {
  const { object, status, world } = visit;
  status.fields['connectedVMs'] = vmsOf(refOf(object), world.cache).length;
  const trouble = ['ProviderRuntimeReady', 'Healthy']
    .map((type) => status.condition(type))
    .find((condition) => condition?.status === 'False');
  const message = (trouble ?? status.condition('Healthy'))?.message ?? 'The provider runs.';
  const before = status.condition('Ready');
  if (trouble?.type === 'ProviderRuntimeReady' && before?.message !== message) {
    visit.tell('Warning', trouble.reason, message);
  }
  status.setCondition('Ready', trouble === undefined ? 'True' : 'False', trouble?.reason ?? 'Ready', message);
  status.fields['message'] = message;
  return await Promise.resolve(DONE);
};
