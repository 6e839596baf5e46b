// spec of VMClone: upstream's `source` and `target`, and in their place the documented sourceVMRef and linkedClone.
import { z } from 'zod';
import { flag, localReference, oneOf, reference, text, textMap, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { disk } from '../virtual-machine/disk.ts';
import { network } from '../virtual-machine/network.ts';
import { ENVIRONMENTS } from '../vm-network-attachment/spec.ts';
import { customization } from './customization.ts';
import { options } from './options.ts';

const source = optionalObject({
  vmRef: localReference('A VirtualMachine.'),
  templateRef: reference('A template. Not supported: refused. Make a VirtualMachine of it.'),
  imageRef: reference('A VMImage. Not supported: refused. Make a VirtualMachine of it.'),
  snapshotRef: localReference('A VMSnapshot, which is copied instead of the present of its VirtualMachine.'),
}).describe('What is copied.');

const target = strictObject({
  name: word('Name of the new VirtualMachine.', 253),
  ...optional({
    namespace: word('Its namespace: that of the VMClone, any other is refused.', 63),
    providerRef: reference('Its Provider: that of the source, any other is refused.'),
    classRef: localReference('Its VMClass; by default that of the source.'),
    placementRef: localReference('Its VMPlacementPolicy.'),
    networks: z.array(network).max(10).describe('Its network cards; by default those of the source.'),
    disks: z.array(disk).max(20).describe('Its disks; by default those of the source. They may grow.'),
    labels: textMap('Its labels.'),
    annotations: textMap('Its annotations.'),
  }),
}).describe('The new VirtualMachine.');

const metadata = optionalObject({
  createdBy: text('Who.', 255),
  project: text('Project.', 255),
  environment: oneOf('Environment.', ENVIRONMENTS),
  purpose: oneOf('Purpose.', ['backup', 'testing', 'migration', 'development', 'production', 'staging']),
  tags: textMap('Tags.'),
}).describe('Notes about the clone, for people.');

export const vmCloneSpec = optionalObject({
  sourceVMRef: localReference('The VirtualMachine that is copied. Another way to say `source.vmRef`.'),
  linkedClone: flag('Whether it shares the blocks of its source; `true` by default where `sourceVMRef` is used.'),
  source,
  target: target.describe('The new VirtualMachine; by default it has the name of the VMClone.'),
  options,
  customization,
  metadata,
}).meta({ anyOf: [{ required: ['sourceVMRef'] }, { required: ['source'] }] });

export type VmCloneSpec = z.output<typeof vmCloneSpec>;
