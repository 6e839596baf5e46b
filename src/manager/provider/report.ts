import type { Phase } from '../work/controller.ts';
import { DONE } from '../work/outcome.ts';
import { vmsOf } from './users.ts';
import { refOf } from './wish.ts';

/** Last of all: how many VMs there are, and whether all is well. */
export const reportReady: Phase = async ({ object, status, world }) => {
  status.fields['connectedVMs'] = vmsOf(refOf(object), world.cache).length;
  const health = status.condition('Healthy');
  const isReady = health?.status !== 'False';
  const { reason = 'Ready', message = 'The provider runs.' } = health ?? {};
  status.setCondition('Ready', isReady ? 'True' : 'False', isReady ? 'Ready' : reason, message);
  status.fields['message'] = message;
  return await Promise.resolve(DONE);
};
