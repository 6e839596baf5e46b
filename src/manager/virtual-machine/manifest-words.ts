// A provider is asked in JSON, and names its fields; who reads an object has never seen those.
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { Visit } from '../work/controller.ts';
import { wishOf } from './wish.ts';

/** `class_json.MemoryMiB`, `networks_json[0].bridge`, also within `desired_json`. */
const FIELD = /\b(?:desired_json\.)?(class|image|networks|disks|placement)_json((?:\[\d+\]|\.[A-Za-z]+)*)/gi;
const DESIRED = /\bdesired_json\.(Class|Networks|Disks|Placement)\b/g;

/** Where a manifest calls a field otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  'class.CPU': 'cpus',
  'class.MemoryMiB': 'memory',
  'class.DiskDefaults.SizeGiB': 'diskDefaults.size',
};

/** The same fault, with fields as the manifests have them. */
export function inManifestWords(error: Fault, visit: Visit): Fault {
  const { vmClass, image, policy } = wishOf(visit).vm;
  const vmImage = image !== undefined && 'vmImage' in image ? image.vmImage : undefined;
  const why = manifestWords(error.message, { vmClass, vmImage, policy });
  return why === error.message ? error : new Fault(error.kind, { subject: '', why }, { cause: error });
}

/** Whose fields they are. */
export interface Named {
  readonly vmClass: ObjectRef | undefined;
  readonly vmImage: ObjectRef | undefined;
  readonly policy: ObjectRef | undefined;
}

export function manifestWords(message: string, { vmClass, vmImage, policy }: Named): string {
  const whose: Readonly<Record<string, string>> = {
    class: titleOf('VMClass', vmClass) ?? 'its class',
    image: titleOf('VMImage', vmImage) ?? 'its image',
    placement: 'spec.placement',
    networks: 'spec.networks',
    disks: 'spec.disks',
  };
  const plain = message
    .replace('when the request changes', 'when the manifests change')
    .replaceAll(DESIRED, (_, part: string) => `${part.toLowerCase()}_json`);
  return plain.replaceAll(FIELD, (_, part: string, path: string) => {
    if (policy !== undefined && `${part}${path}` === 'placement.Nodes')
      return `VMPlacementPolicy ${policy.name}: spec.nodeSelector`;
    return `${whose[part] ?? part}${fieldOf(part, path)}`;
  });
}

function titleOf(kind: string, ref: ObjectRef | undefined): string | undefined {
  return ref === undefined ? undefined : `${kind} ${ref.name}`;
}

/** `: spec.memory`; of a list, which is named already, what is in it. */
function fieldOf(part: string, path: string): string {
  if (path === '' || !['class', 'image'].includes(part)) return lowerFirst(path);
  return `: spec.${NAMES[`${part}${path}`] ?? lowerFirst(path).slice(1)}`;
}

/** Go's names begin with a capital, those of manifests do not. */
function lowerFirst(path: string): string {
  return path.replaceAll(/\.([A-Z]+)/g, (_, start: string) => `.${start.length > 1 ? start : start.toLowerCase()}`);
}
