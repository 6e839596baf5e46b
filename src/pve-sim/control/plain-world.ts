// The world as JSON: without secrets, and with a hash in place of uploaded bytes.
import { createHash } from 'node:crypto';
import type { Volume, World } from '../world/world.ts';

export function plainWorld(world: World): Record<string, unknown> {
  const tokens = Object.entries(world.access.tokens).map(([id, { privsep }]) => [id, { privsep }]);
  const volumes = Object.entries(world.volumes).map(([key, volume]) => [key, plainVolume(volume)]);
  return {
    ...world,
    access: { ...world.access, tokens: Object.fromEntries(tokens) as unknown },
    volumes: Object.fromEntries(volumes) as unknown,
  };
}

/** Of a cloud-init drive the documents may hold a password: `GET /world/volume` has them. */
function plainVolume({ data, seed, ...rest }: Volume): Record<string, unknown> {
  const volume = seed === undefined ? rest : { ...rest, label: seed.label, instanceId: seed.instanceId };
  return data === undefined ? volume : { ...volume, sha256: createHash('sha256').update(data).digest('hex') };
}
