/** SHA-256 of a certificate as PVE shows it, `AB:CD:...`; undefined where `text` is none. Any case, colons or not. */
export function parseFingerprint(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toUpperCase();
  const isWhole = /^[0-9A-F]{64}$/.test(digits);
  const isSpaced = /^[0-9a-f]{2}(:?[0-9a-f]{2}){31}$/i.test(text);
  return isWhole && isSpaced ? digits.match(/../g)?.join(':') : undefined;
}

/**
 * A list in the order of the endpoints, with nothing where an endpoint has none: `AB:CD:...,,EF:01:...`.
 * Throws where an entry is no fingerprint.
 */
export function parseFingerprints(text: string): readonly (string | undefined)[] {
  return text.split(',').map((item, index) => {
    const entry = item.trim();
    if (entry === '') return undefined;
    const fingerprint = parseFingerprint(entry);
    if (fingerprint !== undefined) return fingerprint;
    const wanted = 'the SHA-256 fingerprint of a certificate, 64 hexadecimal digits such as AB:CD:...';
    throw new Error(`entry ${index + 1}, "${entry}", is not ${wanted}`);
  });
}
