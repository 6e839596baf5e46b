import { expect, it } from 'vitest';
import { reachedWords, readPveHealth, refusedWords } from './pve-health.ts';

const read = (message: string, ok = true) => {
  const { version, isHealthy, reason } = readPveHealth({ ok, message });
  return [version, isHealthy, reason];
};

it('is read as it was written', () => {
  expect(read(reachedWords('9.1.9', '[fd00::1]:8006', []))).toEqual(['9.1.9', true, 'PVEReached']);
  expect(read(reachedWords('8.4.1', 'pve:8006', ['no rights: grant some']))).toEqual([
    '8.4.1',
    false,
    'PrivilegesMissing',
  ]);
  expect(read(refusedWords('pve:8006', 'no such token'))).toEqual([undefined, false, 'CredentialsRefused']);
});

it('takes what it does not know, and a refusal, for a PVE that was not reached', () => {
  expect(read('PVE at pve:8006 answers "internal error"')).toEqual([undefined, false, 'PVEUnreachable']);
  expect(read('no answer from PVE at pve:8006 (ECONNREFUSED)')).toEqual([undefined, false, 'PVEUnreachable']);
  expect(read(reachedWords('9.1.9', 'pve:8006', []), false)).toEqual([undefined, false, 'PVEUnreachable']);
  expect(readPveHealth({ ok: true, message: '' }).message).toBe('PVE is not reached.');
});
