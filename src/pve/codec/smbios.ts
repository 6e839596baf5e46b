import { formatProperties, parseFlag, parseProperties, type Properties, restOf } from './property-string.ts';

/** The `smbios1` option: what the firmware tells the guest about its machine. */
export interface Smbios {
  readonly uuid?: string | undefined;
  /** `manufacturer`, `product`, `version`, `serial`, `sku`, `family`, in clear. */
  readonly texts: Properties;
}

/** Undefined where PVE could not read it. */
export function parseSmbios(text: string): Smbios | undefined {
  const properties = parseProperties(text);
  if (properties === undefined) return undefined;
  const isEncoded = parseFlag(properties['base64']) === true;
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(restOf(properties, ['uuid', 'base64']))) {
    const clear = isEncoded ? fromBase64(value) : value;
    if (clear === undefined) return undefined;
    texts[key] = clear;
  }
  return { uuid: properties['uuid'], texts };
}

/** Texts go out in base64 as soon as one of them has a character outside base64's alphabet (pve-behaviour 21). */
export function formatSmbios(smbios: Smbios): string {
  const isEncoded = Object.values(smbios.texts).some((text) => !/^[A-Za-z0-9+/]+$/.test(text));
  const texts: Properties = Object.fromEntries(
    Object.entries(smbios.texts).map(([key, text]) => [key, isEncoded ? toBase64(text) : text]),
  );
  return formatProperties({ ...texts, uuid: smbios.uuid, base64: isEncoded ? true : undefined });
}

function toBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function fromBase64(text: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
