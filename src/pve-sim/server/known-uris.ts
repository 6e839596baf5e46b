// Which URIs PVE has, so that what is not played is told apart from what does not exist.
import { createRouter, type Routable } from './router.ts';

export interface KnownUris {
  /** The 501's text. */
  refusal(method: string, segments: readonly string[]): string;
}

const LETTERS: Readonly<Record<string, string>> = { G: 'GET', P: 'POST', U: 'PUT', D: 'DELETE' };

/** What PVE says of an URI it does not have. */
export function notImplemented(method: string, segments: readonly string[]): string {
  return `Method '${method} /${segments.join('/')}' not implemented`;
}

/** @param table one line per URI: the letters of its methods (G, P, U for PUT, D), a blank, the path */
export function uriTable(table: string): Routable[] {
  return table
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const [letters = '', path = ''] = line.split(' ');
      return [...letters].map((letter) => ({ method: LETTERS[letter] ?? '', path }));
    });
}

export function createKnownUris(table: string): KnownUris {
  const known = createRouter(uriTable(table));
  return {
    refusal: (method, segments) => {
      const path = `/${segments.join('/')}`;
      const isKnown = known(method, segments) !== undefined;
      return isKnown ? `pve-sim does not play ${method} ${path}` : notImplemented(method, segments);
    },
  };
}
