import type { ObjectRef } from '#domain/object-ref';
import type { VirtualMachine } from '#domain/virtual-machine';

export interface Reference {
  readonly kind: 'VMNetworkAttachment' | 'VMPlacementPolicy' | 'Secret';
  readonly ref: ObjectRef;
  /** Where it stands under `spec`. */
  readonly field: string;
}

/** What has to be there, besides class, image and Provider, before a request can be made of a VirtualMachine. */
export function referencesOf(vm: VirtualMachine): Reference[] {
  const networks = (vm.networks ?? []).map(({ attachment }, index) =>
    said('VMNetworkAttachment', attachment, `networks[${index}].networkRef`),
  );
  return [
    ...networks,
    said('VMPlacementPolicy', vm.policy, 'placementRef'),
    said('Secret', vm.userData?.secret?.secret, 'userData.cloudInit.secretRef'),
    said('Secret', vm.metaData?.secret?.secret, 'metaData.cloudInit.secretRef'),
    said('Secret', vm.sshKeys?.secret?.secret, 'userData.sshKeys.secretRef'),
  ].flat();
}

function said(kind: Reference['kind'], ref: ObjectRef | undefined, field: string): Reference[] {
  return ref === undefined ? [] : [{ kind, ref, field }];
}
