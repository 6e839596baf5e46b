// Who is calling (pve-behaviour 4.3, 4.4). Tickets are not played yet: a cookie is answered like a bad one.
import { PveError } from '../pve-error.ts';
import type { World } from '../world/world.ts';
import { userOf } from './permissions.ts';

/** @returns the full token id. @throws 401, which says nothing about the cause; the server sends it late */
export function authenticate(world: World, authorization: string | undefined): string {
  const match = /^PVEAPIToken[= ](.+)$/.exec(authorization ?? '');
  if (match === null) throw new PveError(401, 'No ticket');
  const [, tokenId = '', secret = ''] = /^([^=]+)=(.+)$/.exec(decodeText(match[1] ?? '')) ?? [];
  const token = world.access.tokens[tokenId];
  const valid = token !== undefined && token.secret === secret && world.access.users[userOf(tokenId)]?.enabled === true;
  if (!valid) throw new PveError(401, 'Authentication failed!');
  return tokenId;
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
