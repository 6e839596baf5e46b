import { normaliseImage } from '#crd/vm-image/normalise';
import type { VmImageStatus } from '#crd/vm-image/status';
import type { FetchedImage } from '#domain/fetched-image';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { again, type Outcome, stuck, wait } from '../work/outcome.ts';
import { providerKey } from './at-provider.ts';
import { type Preparation, prepareAt } from './prepare.ts';
import { providersThatWant } from './wanted.ts';

const STEADY_SECONDS = 600;
/** Somebody else makes the template. */
const MISSING_SECONDS = 30;

/** What is there already under a name needs nothing. */
export async function prepareImage(visit: Visit): Promise<Outcome> {
  const status = visit.status.fields as VmImageStatus;
  // What is known of an earlier spec says nothing.
  if (status.observedGeneration !== visit.object.metadata.generation) forgetEarlierSpec(status);
  const found = normaliseImage(manifestOf(visit.object));
  if (found.kind === 'there') return ready(visit, 'It is named, not fetched: whatever has that name is copied.');
  const preparations = new Map<string, Preparation>();
  for (const provider of providersThatWant(visit.object, visit.world.cache)) {
    preparations.set(providerKey(provider), await prepareAt(visit, provider));
  }
  status.availableOn = [...preparations.keys()].filter((key) => status.providerStatus?.[key]?.available === true);
  status.providerStatus = only(status.providerStatus ?? {}, [...preparations.keys()]);
  return judge(visit, [...preparations.values()], found.image.onMissing);
}

/** Until there is one of the new one, and also where that is wrong. */
function forgetEarlierSpec(status: VmImageStatus): void {
  status.providerStatus = undefined;
  status.availableOn = undefined;
  status.ready = false;
  status.phase = 'Pending';
}

/** Of a Provider that nobody wants it at any more nothing is looked at. */
function only<T>(all: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key)));
}

function judge(visit: Visit, preparations: readonly Preparation[], onMissing: FetchedImage['onMissing']): Outcome {
  const status = visit.status.fields as VmImageStatus;
  const isAt = (...those: readonly Preparation[]): boolean => preparations.some((one) => those.includes(one));
  const message = Object.values(status.providerStatus ?? {}).find(({ available }) => !available)?.message ?? '';
  status.ready = preparations.length > 0 && preparations.every((one) => one === 'ready');
  if (preparations.length === 0) {
    status.phase = 'Pending';
    return wait(STEADY_SECONDS, 'NotWanted', 'It is imported as soon as a VirtualMachine wants it.');
  }
  if (status.ready) return ready(visit, `It is there on ${status.availableOn?.join(', ')}.`);
  status.phase = isAt('refused', 'missing') ? 'Failed' : 'Importing';
  if (isAt('announced')) return wait(0, 'Importing', message);
  if (isAt('under-way')) return wait(3, 'Importing', message);
  if (isAt('refused') || (isAt('missing') && onMissing === 'import')) return stuck('FailedImport', message);
  if (!isAt('missing')) return wait(10, 'Importing', message);
  if (onMissing === 'fail') return stuck('ImageMissing', message);
  status.phase = 'Pending';
  return wait(MISSING_SECONDS, 'ImageMissing', message);
}

function ready(visit: Visit, message: string): Outcome {
  const status = visit.status.fields as VmImageStatus;
  status.ready = true;
  status.phase = 'Ready';
  status.message = message;
  visit.status.setCondition('Ready', 'True', 'Ready', message);
  return again(STEADY_SECONDS);
}
