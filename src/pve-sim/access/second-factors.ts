// Second factors: what a user has to show beside the password (pve-behaviour 4.1).
import { createHmac } from 'node:crypto';
import type { Sim } from '../sim.ts';
import type { SecondFactor, User } from '../world/world.ts';

const STEP_S = 30;
/** A code counts one step early and one late, as clocks differ. */
const STEPS_APART = 1;

/** What is asked of the user, as PVE words it; undefined where the password is enough. */
export function challengeOf(user: User): string | undefined {
  const active = (user.secondFactors ?? []).filter((factor) => factor.enabled);
  if (active.length === 0) return undefined;
  const recovery = active.find((factor) => factor.type === 'recovery');
  const left = recovery?.codes.flatMap((code, index) => (code === undefined ? [] : [index]));
  return JSON.stringify({
    ...(active.some(({ type }) => type === 'totp') ? { totp: true } : {}),
    ...(left === undefined ? {} : { recovery: left }),
  });
}

/** @param answer `totp:123456` or `recovery:<code>`; either counts once */
export function passes(sim: Pick<Sim, 'clock'>, user: User, answer: string): boolean {
  const [, type, value = ''] = /^(\w+):(.*)$/.exec(answer) ?? [];
  return (user.secondFactors ?? []).some(
    (factor) => factor.enabled && factor.type === type && isShown(sim, factor, value),
  );
}

function isShown({ clock }: Pick<Sim, 'clock'>, factor: SecondFactor, value: string): boolean {
  if (factor.type === 'recovery') {
    const left = factor.codes.map((code) => (code === value ? undefined : code));
    const isFound = factor.codes.includes(value);
    factor.codes = left;
    return isFound;
  }
  const step = stepAt(clock.now());
  const last = factor.lastStep ?? Number.NEGATIVE_INFINITY;
  for (let candidate = step - STEPS_APART; candidate <= step + STEPS_APART; candidate += 1) {
    if (candidate <= last || totpCode(factor.secret, candidate) !== value) continue;
    factor.lastStep = candidate;
    return true;
  }
  return false;
}

/** The code of a moment (RFC 6238), as the user's own device shows it. @param secret in Base32 */
export function totpAt(secret: string, nowMs: number): string {
  return totpCode(secret, stepAt(nowMs));
}

function stepAt(nowMs: number): number {
  return Math.floor(nowMs / 1000 / STEP_S);
}

function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0x0f;
  const number = digest.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function fromBase32(text: string): Buffer {
  const bits = [...text.toUpperCase().replaceAll('=', '')]
    .map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const bytes = bits.match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}
