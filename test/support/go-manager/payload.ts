// What the manager makes of an object for the wire: Go structs without json tags, printed by Go's encoder.
import type { CreateRequest } from '#rpc/contract';
import { createRequest } from '../requests.ts';
import type { Resources, VirtualMachine } from './virtual-machine.ts';

export function createPayload({ name, spec }: VirtualMachine): CreateRequest {
  const request = createRequest({ ...spec, name });
  const { classJson, imageJson, networksJson, disksJson, placementJson } = request;
  return Object.assign(request, {
    classJson: goEscaped(classJson),
    imageJson: goEscaped(imageJson),
    networksJson: goEscaped(networksJson),
    disksJson: goEscaped(disksJson),
    placementJson: goEscaped(placementJson),
  });
}

/** `desired_json` of a Reconfigure: the whole request once more, in one object. */
export function reconfigurePayload(vm: VirtualMachine): string {
  const { name, classJson, imageJson, networksJson, disksJson, placementJson, tags } = createPayload(vm);
  const { userData, metaData } = vm.spec;
  const desired = {
    Name: name,
    Class: parsed(classJson),
    Image: parsed(imageJson),
    Networks: parsed(networksJson),
    Disks: parsed(disksJson),
    UserData: userData === undefined ? null : { CloudInitData: userData, Type: 'cloud-init' },
    MetaData: metaData === undefined ? null : { MetaDataYAML: metaData },
    Placement: placementJson === '' ? null : parsed(placementJson),
    Tags: tags.length === 0 ? null : tags,
  };
  return goEscaped(JSON.stringify(desired));
}

/** What the object is to have: what its class says, but for what it says itself. */
export function wantedResources(vm: VirtualMachine): Resources {
  const { CPU, MemoryMiB } = JSON.parse(createPayload(vm).classJson) as { CPU: number; MemoryMiB: number };
  return { cpu: CPU, memoryMib: MemoryMiB, ...vm.spec.resources };
}

function parsed(json: string): unknown {
  return JSON.parse(json);
}

export function goEscaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
