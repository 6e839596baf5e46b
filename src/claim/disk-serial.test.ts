import { describe, expect, it } from 'vitest';
import { diskSerial, isSerialOf } from './disk-serial.ts';

describe('the serial number of a data disk', () => {
  it.each([
    ['data', 'data'],
    ['Data_1.x-y', 'Data_1.x-y'],
    ['a'.repeat(20), 'a'.repeat(20)],
    ['postgres-write-ahead-log', 'postgres-wr-0df4fb43'],
    ['postgres-write-ahead-logs', 'postgres-wr-c343c230'],
    ['Archiv für 2026', 'archiv-f-r-326081ef'],
    ['日本', 'cf2abf0c'],
  ])('of %s is its name, or a short form that no other name has', (name, serial) => {
    expect(diskSerial(name)).toBe(serial);
    expect(diskSerial(name).length).toBeLessThanOrEqual(20);
  });

  it('is found again whichever case the name has', () => {
    expect(isSerialOf('DATA', 'data')).toBe(true);
    expect(isSerialOf(diskSerial('Postgres-Write-Ahead-Log'), 'postgres-write-ahead-log')).toBe(true);
    expect(isSerialOf(undefined, 'data')).toBe(false);
    expect(isSerialOf('data2', 'data')).toBe(false);
  });
});
