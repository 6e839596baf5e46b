/** Where Go's decoder stops in a text that is no base64; undefined: it is. Line ends are nothing to it. */
export function firstWrongByte(text: string): number | undefined {
  const bytes = Buffer.from(text);
  const isLineEnd = (at: number): boolean => bytes[at] === 10 || bytes[at] === 13;
  const meant = [...bytes.keys()].filter((at) => !isLineEnd(at));
  const wrong = meant.findIndex((at) => !isDigit(bytes[at] ?? 0));
  if (wrong === -1) return meant.length % 4 === 0 ? undefined : meant.at(-(meant.length % 4));
  const place = meant[wrong] ?? 0;
  if (bytes[place] !== PADDING || wrong % 4 < 2) return place;
  return wrongPadding(bytes, meant.slice(wrong), wrong % 4);
}

const PADDING = 0x3d;

/** @param places from the first `=` on */
function wrongPadding(bytes: Buffer, places: readonly number[], inGroup: number): number | undefined {
  const wanted = 4 - inGroup;
  const [first = 0, second] = places;
  if (wanted === 2 && second === undefined) return bytes.length;
  if (wanted === 2 && bytes[second ?? 0] !== PADDING) return first;
  return places[wanted];
}

function isDigit(byte: number): boolean {
  return /[A-Za-z0-9+/]/.test(String.fromCodePoint(byte));
}
