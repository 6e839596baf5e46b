import { z } from 'zod';
import { duration, flag, oneOf, text, whole, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const exec = strictObject({
  command: z.array(z.string()).min(1).describe('The command and its arguments.'),
}).describe('A command in the guest.');

const httpGet = strictObject({
  port: whole('Port.', 1, 65_535),
  ...optional({
    host: text('Host; by default the VM.'),
    path: text('Path.'),
    scheme: oneOf('Scheme.', ['HTTP', 'HTTPS']),
  }),
}).describe('A request to the guest.');

const snapshot = strictObject({
  name: word('Its name.'),
  ...optional({ description: text('Its description.'), includeMemory: flag('Whether with memory.') }),
}).describe('A snapshot.');

const hook = (about: string) => optionalObject({ exec, httpGet, snapshot }).describe(about);

export const lifecycle = optionalObject({
  gracefulShutdownTimeout: duration('How long a guest may take to shut down for `OffGraceful`; 60s by default.'),
  postStart: hook('Not supported yet: refused.'),
  preStop: hook('Not supported yet: refused.'),
}).describe('What happens around starts and stops.');
