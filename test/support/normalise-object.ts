import { type Manifest, parseManifests } from '#crd/manifests';
import { normaliseProvider } from '#crd/provider/normalise';
import { normaliseVirtualMachine } from '#crd/virtual-machine/normalise';
import { normaliseClass } from '#crd/vm-class/normalise';
import { normaliseClone } from '#crd/vm-clone/normalise';
import { normaliseImage } from '#crd/vm-image/normalise';
import { normaliseNetworkAttachment } from '#crd/vm-network-attachment/normalise';
import { normalisePlacementPolicy } from '#crd/vm-placement-policy/normalise';
import { normaliseSnapshot } from '#crd/vm-snapshot/normalise';

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

/** What one object means, in YAML or JSON, as its author or as an API server has it. */
export function normaliseObject(text: string): unknown {
  const [manifest, ...more] = parseManifests(text);
  const normalise = NORMALISE[manifest?.kind ?? ''];
  if (manifest === undefined || normalise === undefined || more.length > 0) throw new Error(`not one object: ${text}`);
  return normalise(manifest);
}
