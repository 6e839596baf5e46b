// One object of every kind that has something in Proxmox VE, finished and ready to be deleted.
import type { KubeApi } from '#kube/api';
import { KubeApiError } from '#kube/api';
import type { Simulator } from '#pve-sim/simulator';
import type { ManagerFlow } from './manager-flow.ts';
import { isReady, manifest, vmManifest } from './vm-manifests.ts';
import { RAW_SHA256, WEB } from './web-images.ts';
import { claimedVms } from './world.ts';

export interface Deletable {
  readonly kind: 'VirtualMachine' | 'VMSnapshot' | 'VMClone' | 'VMImage';
  readonly name: string;
  /** Whether PVE has what it stands for. */
  isThere(): Promise<boolean>;
}

/** A VM `host` is there already. The clone is a copy that is nobody's yet: see `refusingTargets`. */
export async function makeDeletables(
  flow: ManagerFlow,
  mark: string,
  namespace = 'default',
): Promise<readonly Deletable[]> {
  const [vm, snapshot, clone, image] = [`vm-${mark}`, `snapshot-${mark}`, `clone-${mark}`, `image-${mark}`];
  const source = { http: { url: `${WEB}/disk.img`, checksum: RAW_SHA256 }, proxmox: { storage: 'local-lvm' } };
  const of = { namespace };
  await flow.apply(
    vmManifest(vm, { userData: { cloudInit: { inline: '#!/bin/sh\n' } } }, of) +
      manifest('VMSnapshot', snapshot, { vmRef: { name: 'host' } }, of) +
      manifest('VMClone', clone, { sourceVMRef: { name: 'host' } }, of) +
      manifest('VMImage', image, { source }, of) +
      vmManifest(`of-${image}`, { imageRef: { name: image }, powerState: 'Off' }, of),
  );
  await flow.until('VMImage', image, isReady, namespace);
  await flow.until('VirtualMachine', `of-${image}`, isReady, namespace);
  // An image that VirtualMachines name is kept for them.
  await flow.delete('VirtualMachine', `of-${image}`, namespace);
  await flow.untilGone('VirtualMachine', `of-${image}`, namespace);
  await flow.until('VirtualMachine', vm, isReady, namespace);
  await flow.until('VMSnapshot', snapshot, isReady, namespace);
  await flow.until('VMClone', clone, (seen) => seen.status['phase'] === 'Customizing', namespace);
  const isVm = async (name: string): Promise<boolean> => (await claimedVms(flow.world, name)).length > 0;
  const host = async (): Promise<string> => String((await claimedVms(flow.world, 'host'))[0]?.vmid);
  return [
    { kind: 'VirtualMachine', name: vm, isThere: async () => await isVm(vm) },
    {
      kind: 'VMSnapshot',
      name: snapshot,
      isThere: async () => flow.sim.world.guests[Number(await host())]?.snapshots[snapshot] !== undefined,
    },
    { kind: 'VMClone', name: clone, isThere: async () => await isVm(clone) },
    { kind: 'VMImage', name: image, isThere: async () => await Promise.resolve(hasTemplate(flow.sim, image)) },
  ];
}

function hasTemplate({ world }: Simulator, name: string): boolean {
  return Object.values(world.guests).some(({ config }) => config['name'] === name && config['template'] === '1');
}

/** As an admission webhook does it: no clone becomes a VirtualMachine. */
export function refusingTargets(api: KubeApi): KubeApi {
  return {
    ...api,
    create: async (resource, object) => {
      const isTarget = resource.kind === 'VirtualMachine' && object.metadata.name?.startsWith('clone-') === true;
      if (isTarget) throw new KubeApiError({ code: 403, reason: 'Forbidden', message: 'admission webhook: no' });
      return await api.create(resource, object);
    },
  };
}
