import { describe, expect, test } from 'vitest';
import { readPower } from './power.ts';
import { isAtLeast, parseVersion } from './versions.ts';

describe('the power of a guest', () => {
  test.each([
    ['running', 'running', undefined, 'running'],
    ['running', undefined, undefined, 'running'],
    ['running', 'paused', undefined, 'paused'],
    ['running', 'debug', undefined, 'paused'],
    ['running', 'suspended', undefined, 'sleeping'],
    ['running', 'io-error', undefined, 'failed'],
    ['running', 'internal-error', undefined, 'failed'],
    ['running', 'guest-panicked', undefined, 'failed'],
    ['running', 'watchdog', undefined, 'failed'],
    ['running', 'prelaunch', undefined, 'transient'],
    ['running', 'inmigrate', undefined, 'transient'],
    ['running', 'postmigrate', undefined, 'transient'],
    ['running', 'finish-migrate', undefined, 'transient'],
    ['running', 'save-vm', undefined, 'transient'],
    ['running', 'restore-vm', undefined, 'transient'],
    ['running', 'shutdown', undefined, 'transient'],
    ['running', 'running', 'suspending', 'transient'],
    ['running', 'running', 'suspended', 'transient'],
    ['running', 'running', 'backup', 'running'],
    ['stopped', 'stopped', undefined, 'stopped'],
    ['stopped', 'stopped', 'clone', 'stopped'],
    ['stopped', 'stopped', 'suspended', 'suspended'],
    ['paused', undefined, undefined, 'paused'],
    ['io-error', undefined, undefined, 'failed'],
    ['unknown', undefined, undefined, 'unknown'],
    ['unknown', undefined, 'suspended', 'unknown'],
    ['running', 'a-word-of-tomorrow', undefined, 'unknown'],
  ])('status %s, QMP %s, lock %s is %s', (status, qmpStatus, lock, reading) => {
    expect(readPower({ status, qmpStatus, lock })).toBe(reading);
  });
});

describe('versions', () => {
  test.each([
    ['9.1.9', { major: 9, minor: 1, patch: 9 }],
    ['7.4-16', { major: 7, minor: 4, patch: 16 }],
    ['8.0', { major: 8, minor: 0, patch: 0 }],
  ])('%s', (text, parts) => expect(parseVersion(text)).toEqual({ text, ...parts }));

  test('a text without numbers is none', () => expect(parseVersion('nine')).toBeUndefined());

  test.each([
    ['8.4.1', 8, 3, 0, true],
    ['8.3.0', 8, 4, 0, false],
    ['9.0.0', 8, 4, 0, true],
    ['7.4-16', 8, 0, 0, false],
    ['8.2.5', 8, 2, 5, true],
    ['8.2.4', 8, 2, 5, false],
  ])('%s is at least %d.%d.%d: %s', (text, major, minor, patch, expected) => {
    const version = parseVersion(text);
    expect(version !== undefined && isAtLeast(version, major, minor, patch)).toBe(expected);
  });
});
