// Warning headers: what a client should know although it gets what it asked for.
import type { ServerResponse } from 'node:http';

const ALL_CHARACTERS = 4096;
const ONE_CHARACTERS = 256;

/** Collects warnings for an answer, each once; beyond a limit they are cut, and then left out. */
export function createWarnings(response: ServerResponse): (text: string) => void {
  const told = new Set<string>();
  let characters = 0;
  return (text) => {
    if (told.has(text) || characters >= ALL_CHARACTERS) return;
    told.add(text);
    const isLong = characters + text.length > ALL_CHARACTERS;
    const shown = isLong ? text.slice(0, ONE_CHARACTERS) : text;
    characters += shown.length;
    response.appendHeader('warning', `299 - "${headerText(shown)}"`);
  };
}

/** UTF-8, byte by byte, as headers are sent; without what would end the line. */
function headerText(text: string): string {
  const plain = text.replaceAll(/\p{Cc}/gu, ' ').replaceAll(/["\\]/g, String.raw`\$&`);
  return Buffer.from(plain).toString('latin1');
}
