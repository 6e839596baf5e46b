// spec of VMImage: upstream's fields, and beside them the documented `source: <template name or VMID>` and `cloneMode`.
import { z } from 'zod';
import { cloneMode, whole, word } from '../fields.ts';
import { optional, strictObject } from '../strict-object.ts';
import { distribution, imageMetadata } from './about.ts';
import { prepare } from './prepare.ts';
import { sources } from './sources.ts';

export const vmImageSpec = strictObject({
  source: z
    .union([word('Its name.'), whole('Its VMID.', 100, 999_999_999), sources], {
      error: 'expected the name of a template or VM, a VMID from 100, a volume, a URL, or an object with one of these',
    })
    .describe(
      'Name or VMID of a template or VM; a volume such as `local:iso/debian.iso` or `local:import/debian.qcow2`; a URL; or an object that names one of these by kind.',
    ),
  ...optional({
    cloneMode: cloneMode('How the template is copied; by default as the class says, else `full`.'),
    prepare,
    distribution,
    metadata: imageMetadata,
  }),
});

export type VmImageSpec = z.output<typeof vmImageSpec>;
