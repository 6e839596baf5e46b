import { invalidSpec } from '#domain/fault';
import { GIB, MIB, parseQuantity } from '#domain/quantity';
import { DISK_TYPES, type DiskType } from '#domain/vm-spec';
import { type ReadValue, wrongType } from './json-object.ts';

// Readers for the single values in a payload.

export const text: ReadValue<string> = (value, path) => {
  if (typeof value !== 'string') throw wrongType(path, 'a text', value);
  return value.trim();
};

export const flag: ReadValue<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw wrongType(path, 'true or false', value);
  return value;
};

/** A whole number within the limits, both included. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER, unit = ''): ReadValue<number> {
  const limits = max === Number.MAX_SAFE_INTEGER ? `${min}${unit} or more` : `${min} to ${max}${unit}`;
  return (value, path) => {
    if (typeof value !== 'number') throw wrongType(path, 'a whole number', value);
    if (!Number.isSafeInteger(value)) throw invalidSpec(path, `${value} is not a whole number`);
    if (value < min || value > max) throw invalidSpec(path, `${value}${unit} is out of range`, `Use ${limits}`);
    return value;
  };
}

/** A Kubernetes quantity as whole MiB, what is over cut off as VirtRigaud's manager does. */
export function quantityMib(min: number): ReadValue<number> {
  return quantity(Math.floor, MIB, wholeNumber(min, Number.MAX_SAFE_INTEGER, ' MiB'));
}

/** A Kubernetes quantity as whole GiB, rounded up, so that a disk is never smaller than asked for. */
export function quantityGib(min: number, max = Number.MAX_SAFE_INTEGER): ReadValue<number> {
  return quantity(Math.ceil, GIB, wholeNumber(min, max, ' GiB'));
}

function quantity(round: (value: number) => number, unit: number, check: ReadValue<number>): ReadValue<number> {
  return (value, path) => {
    if (typeof value !== 'string' && typeof value !== 'number') throw wrongType(path, 'a quantity', value);
    const bytes = parseQuantity(value);
    if (bytes === undefined) throw invalidSpec(path, `"${value}" is not a quantity`, 'Write it like "4Gi" or "512Mi"');
    return check(round(bytes / unit), path);
  };
}

export function listOf<T>(read: ReadValue<T>): ReadValue<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrongType(path, 'a list', value);
    return value.map((item: unknown, index) => read(item, `${path}[${index}]`));
  };
}

/** Texts that are not empty. */
export const textList: ReadValue<string[]> = listOf((value, path) => {
  const item = text(value, path);
  if (item === '') throw invalidSpec(path, 'is empty', 'Remove the entry');
  return item;
});

export const textMap: ReadValue<Record<string, string>> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, 'an object', value);
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => {
    if (typeof item !== 'string') throw wrongType(`${path}.${key}`, 'a text', item);
    return [key, item] as const;
  });
  return Object.fromEntries(entries);
};

/** One of the words in `words` (any case), as what stands beside it. */
export function oneOf<T>(words: Readonly<Record<string, T>>): ReadValue<T> {
  return (value, path) => {
    const word = text(value, path).toLowerCase();
    const found = Object.entries(words).find(([each]) => each === word);
    if (found === undefined) {
      throw invalidSpec(path, `"${String(value)}" is not known`, `Use one of ${Object.keys(words).join(', ')}`);
    }
    return found[1];
  };
}

/** How a disk is allocated, or what it shows itself as. */
export const diskType: ReadValue<DiskType> = oneOf(
  Object.fromEntries(DISK_TYPES.map((type) => [type, type])) as Record<DiskType, DiskType>,
);
