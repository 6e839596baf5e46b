// VirtualMachines of a text with what they refer to in the same text: what the manager finds in its cache.
import { type Manifest, manifestTitle, parseManifests } from '#crd/manifests';
import type { VmBundle } from '#crd/normalise';
import { referencesOf } from '#crd/references';
import { findAmong } from '#crd/referred';
import { normaliseVirtualMachine } from '#crd/virtual-machine/normalise';

/** In the order of the text. Throws `invalid-spec` where one of them is wrong, or refers to what is not there. */
export function bundlesIn(text: string): VmBundle[] {
  const manifests = parseManifests(text);
  return manifests.filter(({ kind }) => kind === 'VirtualMachine').map((vm) => bundleOf(vm, manifests));
}

function bundleOf(vm: Manifest, manifests: readonly Manifest[]): VmBundle {
  const own = normaliseVirtualMachine(vm);
  const path = `${manifestTitle(vm)}: spec`;
  const find = findAmong(manifests);
  if (own.vmClass === undefined) throw new Error(`${path}.classRef: it names no VMClass`);
  return {
    vm,
    vmClass: find('VMClass', own.vmClass, `${path}.classRef`),
    image:
      own.image !== undefined && 'vmImage' in own.image
        ? find('VMImage', own.image.vmImage, `${path}.imageRef`)
        : undefined,
    referred: referencesOf(own).map(({ kind, ref, field }) => find(kind, ref, `${path}.${field}`)),
  };
}
