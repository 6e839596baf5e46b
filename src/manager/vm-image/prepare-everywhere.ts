import { normaliseImage } from '#crd/vm-image/normalise';
import type { VmImageStatus } from '#crd/vm-image/status';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { again, type Outcome, stuck, wait } from '../work/outcome.ts';
import { providerKey } from './at-provider.ts';
import { type Preparation, prepareAt } from './prepare.ts';
import { providersThatWant } from './wanted.ts';

const STEADY_SECONDS = 600;

/** What is there already under a name needs nothing. */
export async function prepareImage(visit: Visit): Promise<Outcome> {
  const status = visit.status.fields as VmImageStatus;
  const found = normaliseImage(manifestOf(visit.object));
  // What is known of an earlier spec says nothing.
  if (status.observedGeneration !== visit.object.metadata.generation) status.providerStatus = undefined;
  if (found.kind === 'there') return ready(visit, 'It is named, not fetched: whatever has that name is copied.');
  const { onMissing } = found.image;
  const providers = providersThatWant(visit.object, visit.world.cache);
  if (onMissing === 'fail') return stuck('ImageMissing', 'It is not to be imported (prepare.onMissing: Fail).');
  if (onMissing === 'wait') return wait(60, 'ImageMissing', 'It is not to be imported (prepare.onMissing: Wait).');
  const preparations: Preparation[] = [];
  for (const provider of providers) preparations.push(await prepareAt(visit, provider));
  const isThere = (index: number): boolean => status.providerStatus?.[providerKeyAt(index)]?.available === true;
  const providerKeyAt = (index: number): string => {
    const provider = providers[index];
    return provider === undefined ? '' : providerKey(provider);
  };
  status.availableOn = providers.map((_, index) => providerKeyAt(index)).filter((_, index) => isThere(index));
  return judge(visit, preparations);
}

function judge(visit: Visit, preparations: readonly Preparation[]): Outcome {
  const status = visit.status.fields as VmImageStatus;
  const message = Object.values(status.providerStatus ?? {}).find(({ available }) => !available)?.message ?? '';
  status.ready = preparations.length > 0 && preparations.every((one) => one === 'ready');
  if (preparations.length === 0) {
    status.phase = 'Pending';
    return wait(STEADY_SECONDS, 'NotWanted', 'It is imported as soon as a VirtualMachine wants it.');
  }
  if (status.ready) return ready(visit, `It is there on ${status.availableOn?.join(', ')}.`);
  if (preparations.includes('announced')) {
    status.phase = 'Importing';
    return wait(0, 'Importing', message);
  }
  const isRefused = preparations.includes('refused');
  status.phase = isRefused ? 'Failed' : 'Importing';
  return isRefused && !preparations.includes('under-way')
    ? stuck('FailedImport', message)
    : wait(preparations.includes('under-way') ? 3 : 10, 'Importing', message);
}

function ready(visit: Visit, message: string): Outcome {
  const status = visit.status.fields as VmImageStatus;
  status.ready = true;
  status.phase = 'Ready';
  status.message = message;
  visit.status.setCondition('Ready', 'True', 'Ready', message);
  return again(STEADY_SECONDS);
}
