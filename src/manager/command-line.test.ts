import { expect, it } from 'vitest';
import { readCommandLine } from './command-line.ts';

const read = (text: string) =>
  readCommandLine(
    text.split(' ').filter((word) => word !== ''),
    '1.2.3',
  );

it.each([
  [
    '',
    {
      kind: 'cluster',
      elects: true,
      healthPort: 8080,
      workers: 12,
      providerImage: 'virtrigaud/provider-proxmox:1.2.3',
    },
  ],
  ['--no-leader-elect --health-port 9000', { kind: 'cluster', elects: false, healthPort: 9000 }],
  ['--standalone --data-dir d', { kind: 'standalone', listen: { host: '127.0.0.1', port: 6443 }, isApiOnly: false }],
  ['--standalone --data-dir d --listen [::1]:0 --api-only', { listen: { host: '::1', port: 0 }, isApiOnly: true }],
])('is read: %s', (text, options) => {
  expect(read(text)).toMatchObject(options);
});

it.each([
  ['--data-dir d', '--data-dir: it goes with --standalone'],
  ['--listen 127.0.0.1:6443', '--listen: it goes with --standalone'],
  ['--api-only', '--api-only: it goes with --standalone'],
  ['--map-endpoint https://a=https://b', '--map-endpoint: it goes with --standalone'],
  ['--standalone', '--data-dir is missing'],
  ['--standalone --data-dir d --context c', '--context: with --standalone the API is its own'],
  ['--standalone --data-dir d --no-leader-elect', '--no-leader-elect: with --standalone'],
  ['--standalone --data-dir d --provider-image i', '--provider-image: with --standalone'],
])('what means nothing there is refused: %s', (text, why) => {
  expect(() => read(text)).toThrow(why);
});
