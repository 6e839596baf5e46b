import { expect, it } from 'vitest';
import { changeWords } from './change-words.ts';
import { pendingWords } from './pending-words.ts';

const SMALL = { cpu: 2, memoryMiB: 4096 };
const LARGE = { cpu: 8, memoryMiB: 16_384 };
const waiting = (pending: string) => ({ status: 'running', restart_required: 'true', pending });

it.each([
  ['all at once', SMALL, LARGE, { status: 'running' }, '2 → 8 CPUs live; 4 → 16 GiB of memory live'],
  ['on one that is off', SMALL, LARGE, { status: 'stopped' }, '2 → 8 CPUs; 4 → 16 GiB of memory'],
  ['with memory to wait for', SMALL, LARGE, waiting('memory'), '2 → 8 CPUs live; 4 → 16 GiB of memory after a restart'],
  ['in MiB', SMALL, { cpu: 2, memoryMiB: 4500 }, { status: 'running' }, '4096 → 4500 MiB of memory live'],
  ['of something else', SMALL, SMALL, waiting('net1; machine'), 'network card 1 and the machine type after a restart'],
  ['of one that nobody knew', undefined, SMALL, { status: 'running' }, '2 CPUs live; 4 GiB of memory live'],
  ['of what has no words', SMALL, SMALL, {}, 'changed as asked for'],
])('tells of a change: %s', (_title, before, after, provider, words) => {
  expect(changeWords(before, after, provider)).toBe(words);
});

it.each([
  ['memory', 'memory'],
  ['cores; vcpus; memory', 'CPUs and memory'],
  ['scsi1; ipconfig0; vga', 'disk scsi1, the addresses of network card 0 and vga'],
  ['', 'what is pending'],
])('says what waits for a restart: %s', (pending, words) => {
  expect(pendingWords(pending)).toBe(words);
});
