// Health, as a real server tells it: ready is whoever answers.
import type { ServerResponse } from 'node:http';
import { NO_CACHE } from './answer.ts';

const CHECKS = ['ping', 'log', 'etcd'];

/** False: the path is none of these. */
export function answerHealth(response: ServerResponse, path: string, query: URLSearchParams): boolean {
  const [, name = '', check, ...rest] = path.split('/');
  if (!['healthz', 'livez', 'readyz'].includes(name) || rest.length > 0) return false;
  if (check !== undefined && !CHECKS.includes(check)) return false;
  const lines = CHECKS.map((one) => `[+]${one} ok`);
  const isVerbose = query.has('verbose') && check === undefined;
  const text = isVerbose ? `${[...lines, `${name} check passed`].join('\n')}\n` : 'ok';
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': NO_CACHE,
  });
  response.end(text);
  return true;
}
