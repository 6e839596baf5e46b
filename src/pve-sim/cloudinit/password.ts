// The password option: never shown, and hashed when it is changed later (pve-behaviour 9.5, 18.1, 27.10).
import type { Random } from '../random.ts';
import { isWindows } from '../world/guests.ts';
import type { Guest } from '../world/world.ts';
import { sha256Crypt } from './sha256-crypt.ts';

export const PASSWORD_MASK = '**********';

const HASHED = /^\$(?:[156]|2[ay])(?:\$.+){2}/;

/** A create stores it in clear text; so does a change of a guest that is stored as a Windows one, which has no use for a hash. */
export function storedPassword(random: Random, guest: Guest, password: string): string {
  return isWindows(guest.config) || HASHED.test(password) ? password : sha256Crypt(password, random.hex(8));
}
