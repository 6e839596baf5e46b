import { expect, test } from 'vitest';
import { manifestWords } from './manifest-words.ts';

const NAMED = {
  vmClass: { namespace: 'default', name: 'huge' },
  vmImage: { namespace: 'default', name: 'debian' },
  policy: { namespace: 'default', name: 'prod' },
};

test.each([
  ['class_json.MemoryMiB: node pve2 has 9 MiB.', 'VMClass huge: spec.memory: node pve2 has 9 MiB.'],
  ['class_json.CPU: too many.', 'VMClass huge: spec.cpus: too many.'],
  ['class_json.DiskDefaults.SizeGiB: small.', 'VMClass huge: spec.diskDefaults.size: small.'],
  ['class_json.SecurityProfile.VTDEnabled: no.', 'VMClass huge: spec.securityProfile.VTDEnabled: no.'],
  ['image_json.TemplateName: there is none.', 'VMImage debian: spec.templateName: there is none.'],
  ['networks_json[1].Bridge: there is no vmbr9.', 'spec.networks[1].bridge: there is no vmbr9.'],
  ['disks_json: two have one name.', 'spec.disks: two have one name.'],
  ['placement_json.Nodes: no node pve9.', 'VMPlacementPolicy prod: spec.nodeSelector: no node pve9.'],
  ['placement_json.Host: no node pve9.', 'spec.placement.host: no node pve9.'],
  ['desired_json.Class.CPU: too many.', 'VMClass huge: spec.cpus: too many.'],
  ['desired_json.Disks[0].SizeGiB: it shrinks.', 'spec.disks[0].sizeGiB: it shrinks.'],
  ['It is tried again at once when the request changes.', 'It is tried again at once when the manifests change.'],
  ['VM 100: create: PVE says "json".', 'VM 100: create: PVE says "json".'],
])('%s', (message, words) => {
  expect(manifestWords(message, NAMED)).toBe(words);
});
