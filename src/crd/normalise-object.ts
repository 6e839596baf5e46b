import type { Manifest } from './manifests.ts';
import { normaliseProvider } from './provider/normalise.ts';
import { normaliseVirtualMachine } from './virtual-machine/normalise.ts';
import { normaliseClass } from './vm-class/normalise.ts';
import { normaliseClone } from './vm-clone/normalise.ts';
import { normaliseImage } from './vm-image/normalise.ts';
import { normaliseNetworkAttachment } from './vm-network-attachment/normalise.ts';
import { normalisePlacementPolicy } from './vm-placement-policy/normalise.ts';
import { normaliseSnapshot } from './vm-snapshot/normalise.ts';

const NORMALISE: Readonly<Record<string, (manifest: Manifest) => unknown>> = {
  Provider: normaliseProvider,
  VirtualMachine: normaliseVirtualMachine,
  VMClass: normaliseClass,
  VMImage: normaliseImage,
  VMNetworkAttachment: normaliseNetworkAttachment,
  VMSnapshot: normaliseSnapshot,
  VMClone: normaliseClone,
  VMPlacementPolicy: normalisePlacementPolicy,
};

/** What an object of any of our kinds means; undefined for other kinds. Throws the Fault of what is wrong with it. */
export function normaliseObject(manifest: Manifest): unknown {
  return NORMALISE[manifest.kind]?.(manifest);
}
