// A guest's cloud-init drive: what it lacks, writing it anew, and its documents (pve-behaviour 11.9, 18).
import { isAllowed } from '../access/permissions.ts';
import { perm } from '../access/rules.ts';
import { dumpDocument } from '../cloudinit/documents.ts';
import { sourceOf, writeDrive } from '../cloudinit/drive.ts';
import { PASSWORD_MASK } from '../cloudinit/password.ts';
import { cloudInitRows } from '../cloudinit/pending.ts';
import { withConfigLock } from '../locks/config-lock.ts';
import { checkWritable } from '../qemu/config-file.ts';
import { guestParams } from '../schema/endpoint-params.ts';
import { choice } from '../schema/property.ts';
import { checkNoLock } from '../world/guests.ts';
import { type Call, type Endpoint, needText } from './endpoint.ts';
import { addressOf, guestOf } from './guest-calls.ts';

export const QEMU_CLOUDINIT: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/cloudinit',
    feature: 'cloudinitCalls',
    params: guestParams,
    allow: perm('/vms/{vmid}', 'VM.Audit'),
    handle: (call) => cloudInitRows(guestOf(call)),
  },
  {
    method: 'PUT',
    path: '/nodes/{node}/qemu/{vmid}/cloudinit',
    feature: 'cloudinitCalls',
    params: guestParams,
    allow: perm('/vms/{vmid}', 'VM.Config.Cloudinit'),
    handle: regenerate,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/qemu/{vmid}/cloudinit/dump',
    params: { ...guestParams, type: choice('user', 'network', 'meta') },
    allow: perm('/vms/{vmid}', 'VM.Audit'),
    handle: dump,
  },
];

async function regenerate(call: Call): Promise<void> {
  const { sim, process } = call;
  const { node, vmid } = addressOf(call);
  await withConfigLock(sim, process, { node, vmid }, async () => {
    const guest = guestOf(call);
    checkNoLock(guest);
    if (Object.keys(guest.cloudinit).length > 0) checkWritable(sim, node, vmid);
    await writeDrive(sim, process, guest);
  });
}

function dump(call: Call): string {
  const { sim, user, profile, params } = call;
  const source = sourceOf(sim.world, guestOf(call));
  const { cipassword } = source.config;
  const hidden =
    cipassword !== undefined &&
    profile.has('cloudinitPasswordMasked') &&
    !isAllowed(sim.world, user, `/vms/${source.vmid}`, ['VM.Config.Cloudinit']);
  const config = hidden ? { ...source.config, cipassword: PASSWORD_MASK } : source.config;
  return dumpDocument({ ...source, config }, needText(params, 'type'));
}
