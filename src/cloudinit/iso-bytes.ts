// How ISO 9660 (ECMA-119) writes numbers and texts. Most numbers stand there twice, in both byte orders.

export const SECTOR_BYTES = 2048;

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

export function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Big-endian, as Joliet writes every text. */
export function utf16(text: string): Uint8Array {
  return concat(...Array.from(text, (character) => u16Big(character.charCodeAt(0))));
}

/** Filled up with zero bytes. Throws RangeError where the content is longer: nothing is ever cut. */
export function padTo(length: number, content: Uint8Array): Uint8Array {
  if (content.length > length) throw new RangeError(`${content.length} bytes do not fit into ${length}`);
  return concat(content, zeros(length - content.length));
}

export function padToEven(content: Uint8Array): Uint8Array {
  return padTo(content.length + (content.length % 2), content);
}

export function sectorsOf(length: number): number {
  return Math.ceil(length / SECTOR_BYTES);
}

export function padToSectors(content: Uint8Array): Uint8Array {
  return padTo(sectorsOf(content.length) * SECTOR_BYTES, content);
}

export function u16Big(value: number): Uint8Array {
  return bytes(value >> 8, value & 0xff);
}

export function u16Little(value: number): Uint8Array {
  return u16Big(value).reverse();
}

export function u16Both(value: number): Uint8Array {
  return concat(u16Little(value), u16Big(value));
}

export function u32Big(value: number): Uint8Array {
  return concat(u16Big(value >>> 16), u16Big(value & 0xffff));
}

export function u32Little(value: number): Uint8Array {
  return u32Big(value).reverse();
}

export function u32Both(value: number): Uint8Array {
  return concat(u32Little(value), u32Big(value));
}
