// What the VM is made of has to be there at its Provider.
import { VM_IMAGES } from '#crd/resources';
import { normaliseImage } from '#crd/vm-image/normalise';
import type { Manifest } from '#crd/manifests';
import type { ObjectRef } from '#domain/object-ref';
import { imageAt } from '../vm-image/at-provider.ts';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { providerOf } from './provider.ts';
import { isMade } from './status.ts';
import { wishOf } from './wish.ts';

export interface FoundImage {
  readonly image: Manifest | undefined;
  /** Of an image that was fetched: the template that was made of it at the VM's Provider. */
  readonly prepared: string | undefined;
}

/** As the cache has it. */
export function imageOf(visit: Visit): FoundImage {
  const ref = imageRefOf(visit);
  const object = ref === undefined ? undefined : visit.world.cache.get(VM_IMAGES, ref);
  if (object === undefined) return { image: undefined, prepared: undefined };
  const { available, id } = imageAt(visit.world, object, providerOf(visit));
  return { image: manifestOf(object), prepared: available ? id : undefined };
}

function imageRefOf(visit: Visit): ObjectRef | undefined {
  const { image } = wishOf(visit).vm;
  return image !== undefined && 'vmImage' in image ? image.vmImage : undefined;
}

/** A VM that is there already no longer needs what it was made of. */
export async function awaitImage(visit: Visit): Promise<Outcome> {
  const ref = imageRefOf(visit);
  if (isMade(visit) || ref === undefined) {
    visit.status.removeCondition('ImageReady');
    return await Promise.resolve(DONE);
  }
  const outcome = judge(visit, ref);
  if (outcome.kind === 'done')
    visit.status.setCondition('ImageReady', 'True', 'Available', `VMImage ${ref.name} can be used.`);
  else visit.status.setCondition('ImageReady', 'False', outcome.why.reason, outcome.why.message);
  return outcome;
}

/** Throws where the image is wrong. */
function judge(visit: Visit, ref: ObjectRef): Outcome {
  const object = visit.world.cache.get(VM_IMAGES, ref);
  if (object === undefined) {
    const message = `VMImage "${ref.name}" not found in namespace "${ref.namespace}" (spec.imageRef).`;
    return stuck('ImageNotFound', message);
  }
  if (normaliseImage(manifestOf(object)).kind === 'there') return DONE;
  const { available, message } = imageAt(visit.world, object, providerOf(visit));
  if (available) return DONE;
  if (object.metadata.deletionTimestamp !== undefined) {
    const remedy =
      'Apply it again once it is gone, which it is as soon as no VirtualMachine names it, or name another one';
    return stuck('ImageDeleted', `VMImage ${ref.name} is being deleted, and not imported. ${remedy}.`);
  }
  // The image's own controller has it made; a change of its status is seen.
  const importing = `VMImage ${ref.name} is being imported.`;
  if (message !== undefined && message !== importing) return wait(60, 'ImportingImage', message);
  return wait(
    60,
    'ImportingImage',
    `${importing} The VM is made when it is there; \`kubectl describe vmimage ${ref.name}\` has more.`,
  );
}
