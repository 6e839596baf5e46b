// The requests of a VirtualMachine: one to make it, one to change it.
import { normaliseChange, normaliseVm } from '#crd/normalise';
import { NO_PLACEMENT, type VmSpec } from '#domain/vm-spec';
import { encodeDesired } from '#rpc/payload/desired';
import type { Visit } from '../work/controller.ts';
import { dependenciesOf } from './dependencies.ts';
import { digestOf } from './digest.ts';
import { imageOf } from './image.ts';
import { wishOf } from './wish.ts';

export interface Change {
  /** `desired_json`. */
  readonly json: string;
  readonly digest: string;
  /** Of user and meta data alone, as their Secrets have them now. */
  readonly documents: string;
  /** Undefined where no class says them. */
  readonly size: { readonly cpu: number; readonly memoryMiB: number } | undefined;
}

/** Throws `invalid-spec` where an object is wrong, or has gone meanwhile. */
export function creationOf(visit: Visit): VmSpec {
  const { vmClass, others } = dependenciesOf(visit);
  // Its absence has ended the visit before.
  if (vmClass === undefined) throw new RangeError('a VM is made without a class');
  const { spec } = normaliseVm({ vm: wishOf(visit).manifest, vmClass, ...imageOf(visit), referred: others });
  const { avoidIds: _avoid, maxVmsPerNode: _most, minFreeMemoryMib: _free, ...placement } = spec.placement;
  // What the provider cannot do yet: a condition tells of it.
  return { ...spec, placement: { ...NO_PLACEMENT, ...placement } };
}

/** What the VM is to be like while it is there. Throws `invalid-spec` as `creationOf`. */
export function changeOf(visit: Visit): Change {
  const { vmClass, others } = dependenciesOf(visit);
  const { manifest, vm } = wishOf(visit);
  const wish = normaliseChange({ vm: manifest, vmClass, referred: others });
  // New disks go where the others are.
  const placement = { ...NO_PLACEMENT, storage: vm.placement.storage };
  const json = encodeDesired({ ...wish, placement });
  const { size } = wish;
  return {
    json,
    digest: digestOf(json),
    documents: digestOf(JSON.stringify([wish.userData, wish.metaData].map(asText))),
    size: size === undefined ? undefined : { cpu: size.cpus, memoryMiB: size.memoryMib },
  };
}

function asText(document: Uint8Array | undefined): string {
  return document === undefined ? '' : Buffer.from(document).toString('base64');
}
