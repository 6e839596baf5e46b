// The name of a data disk, written on its drive: PVE has no names for disks, and their slots change hands. The guest sees
// it as the disk's serial number. Frozen: by another form a disk that is there would not be found again.
import { createHash } from 'node:crypto';

/** What QEMU shows of a serial number on every bus. */
const MAX_LENGTH = 20;
const HASH_LENGTH = 8;

/** The name itself where it is 1 to 20 letters, digits, `_`, `.` or `-`; else its beginning, `-` and 8 hex digits. */
export function diskSerial(name: string): string {
  if (new RegExp(`^[A-Za-z0-9][\\w.-]{0,${MAX_LENGTH - 1}}$`).test(name)) return name;
  const lower = name.toLowerCase();
  const head = lower.replace(/[^a-z0-9_.-]+/g, '-').replace(/^[^a-z0-9]+/, '');
  const hash = createHash('sha256').update(lower).digest('hex').slice(0, HASH_LENGTH);
  const cut = head.slice(0, MAX_LENGTH - HASH_LENGTH - 1).replace(/-+$/, '');
  return cut === '' ? hash : `${cut}-${hash}`;
}

/** Whether a drive with this serial number is the disk of that name; upper and lower case are one, as in requests. */
export function isSerialOf(serial: string | undefined, name: string): boolean {
  return serial?.toLowerCase() === diskSerial(name).toLowerCase();
}
