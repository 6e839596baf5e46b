// What a later manifest says and nothing comes of, since it is decided when a VM is made: told, never dropped silently.
import { DONE, type Outcome } from '../work/outcome.ts';
import type { Visit } from '../work/controller.ts';
import type { Bound } from './bound.ts';
import { canonical } from './digest.ts';
import { isMade, statusOf, vmTitle } from './status.ts';

export async function tellUnapplied(visit: Visit): Promise<Outcome> {
  const spec = (visit.object['spec'] ?? {}) as Bound;
  const { bound = {} } = statusOf(visit);
  const title = vmTitle(visit);
  const isOther = (field: 'imageRef' | 'userData' | 'metaData'): boolean =>
    isMade(visit) &&
    spec[field] !== undefined &&
    bound[field] !== undefined &&
    canonical(spec[field]) !== canonical(bound[field]);
  condition(
    visit,
    isOther('imageRef'),
    'ImageApplied',
    'MadeFromAnother',
    `${title} was made from VMImage ${bound.imageRef?.name}, and stays so. Another image takes another VirtualMachine.`,
  );
  condition(
    visit,
    isOther('userData') || isOther('metaData'),
    'UserDataApplied',
    'ReadAtFirstBoot',
    `${title} was made with other user data, which a guest reads once, at its first boot.`,
  );
  return await Promise.resolve(DONE);
}

function condition(visit: Visit, holds: boolean, type: string, reason: string, message: string): void {
  if (!holds) return visit.status.removeCondition(type);
  if (visit.status.condition(type)?.message !== message) visit.tell('Warning', reason, message);
  visit.status.setCondition(type, 'False', reason, message);
}
