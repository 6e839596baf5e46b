// The world as JSON: without secrets, and with a hash in place of uploaded bytes.
import { createHash } from 'node:crypto';
import type { AccessState, Token, User, Volume, World } from '../world/world.ts';

export function plainWorld(world: World): Record<string, unknown> {
  const volumes = Object.entries(world.volumes).map(([key, volume]) => [key, plainVolume(volume)]);
  return { ...world, access: plainAccess(world.access), volumes: Object.fromEntries(volumes) as unknown };
}

function plainAccess({ users, groups, tokens, roles, acl }: AccessState): Record<string, unknown> {
  return { users: mapEach(users, plainUser), groups, tokens: mapEach(tokens, plainToken), roles, acl };
}

function mapEach<T>(from: Readonly<Record<string, T>>, change: (value: T) => object): Record<string, object> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value)]));
}

function plainUser({ password, secondFactors = [], ...user }: User): object {
  const factors = secondFactors.map(({ id, type, enabled }) => ({ id, type, enabled }));
  return { ...user, hasPassword: password !== undefined, secondFactors: factors };
}

function plainToken({ secret: _secret, ...token }: Token): object {
  return token;
}

/** Of a cloud-init drive the documents may hold a password: `GET /world/volume` has them. */
function plainVolume({ data, seed, ...rest }: Volume): Record<string, unknown> {
  const volume = seed === undefined ? rest : { ...rest, label: seed.label, instanceId: seed.instanceId };
  return data === undefined ? volume : { ...volume, sha256: createHash('sha256').update(data).digest('hex') };
}
