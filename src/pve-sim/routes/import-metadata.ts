// `GET .../import-metadata`: what a create would be given to import an appliance (pve-behaviour 8.5; recording one-node/45).
import { everybody } from '../access/rules.ts';
import { failure } from '../pve-error.ts';
import { checkVolumeAccess } from '../qemu/volume-use.ts';
import { nodeParams, storageProperty } from '../schema/endpoint-params.ts';
import { text } from '../schema/property.ts';
import { filesOf } from '../storage/appliance.ts';
import { readOvf } from '../storage/ovf.ts';
import { volumeKind } from '../storage/volume-name.ts';
import { findVolume, requireStorage } from '../world/volumes.ts';
import { type Call, type Endpoint, needText } from './endpoint.ts';

export const IMPORT_METADATA: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/storage/{storage}/import-metadata',
    protected: true,
    feature: 'importContent',
    params: { ...nodeParams, storage: storageProperty, volume: text() },
    allow: everybody,
    handle: importMetadata,
  },
];

function importMetadata({ sim, user, params }: Call): unknown {
  const node = needText(params, 'node');
  const storage = requireStorage(sim.world, needText(params, 'storage'));
  const name = needText(params, 'volume');
  const volid = `${storage.id}:${name}`;
  const { kind } = volumeKind(storage, name);
  checkVolumeAccess(sim, { node, user }, volid);
  if (kind !== 'import') throw failure(`invalid content type '${kind}'`);
  if (!name.endsWith('.ova')) throw failure('invalid format');
  const data = findVolume(sim.world, node, volid)?.data;
  if (data === undefined) throw failure(`volume '${volid}' does not exist`);
  const descriptor = filesOf(data).find((file) => file.name.endsWith('.ovf'));
  if (descriptor === undefined) throw failure(`no OVF found in '${volid}'`);
  const { name: guestName, cores, memoryMib, disks, nics } = readOvf(Buffer.from(descriptor.data).toString());
  return {
    type: 'vm',
    source: 'esxi',
    'create-args': {
      ...(guestName === undefined ? {} : { name: guestName }),
      ...(cores === undefined ? {} : { cores }),
      ...(memoryMib === undefined ? {} : { memory: memoryMib }),
    },
    disks: Object.fromEntries(disks.map((file, index) => [`scsi${index}`, `${volid}/${file}`])),
    net: Object.fromEntries(Array.from({ length: nics }, (_, index) => [`net${index}`, { model: 'e1000' }])),
    warnings: [{ type: 'ova-needs-extracting' }],
  };
}
