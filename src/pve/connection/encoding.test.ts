import { describe, expect, test } from 'vitest';
import { parseEndpoint } from './endpoint.ts';
import { encodeMultipart } from './multipart.ts';
import { encodeParams } from './params.ts';
import { nodeOfPath, path } from './path.ts';

describe('an endpoint', () => {
  test.each([
    ['https://pve.example.com:8006', 'https://pve.example.com:8006', 'pve.example.com:8006'],
    ['https://pve.example.com:8006/', 'https://pve.example.com:8006', 'pve.example.com:8006'],
    ['https://pve.example.com:8006/api2', 'https://pve.example.com:8006', 'pve.example.com:8006'],
    [' https://pve.example.com:8006/api2/json/ ', 'https://pve.example.com:8006', 'pve.example.com:8006'],
    ['https://[2001:db8::1]:8006/api2/json', 'https://[2001:db8::1]:8006', '[2001:db8::1]:8006'],
    ['https://pve.example.com', 'https://pve.example.com:443', 'pve.example.com:443'],
    ['http://127.0.0.1:8006', 'http://127.0.0.1:8006', '127.0.0.1:8006'],
  ])('"%s"', (text, origin, address) => {
    expect(parseEndpoint(text)).toEqual({ origin, address, secure: origin.startsWith('https:'), prefix: '' });
  });

  test.each([
    '',
    'pve.example.com',
    'pve.example.com:8006',
    'ftp://pve:21',
    'https://',
    'https://pve:8006/api2/extjs',
    'https://pve:8006/api2/json?x=1',
    'https://user:secret@pve:8006',
    'https://pve:99999',
    'https://2001:db8::1:8006',
  ])('"%s" is none', (text) => expect(parseEndpoint(text)).toBeUndefined());
});

describe('a path', () => {
  test('takes every value as one segment', () => {
    expect(path`/nodes/${'pve1'}/storage/${'local'}/content/${'local:iso/x y.iso'}`).toBe(
      '/nodes/pve1/storage/local/content/local%3Aiso%2Fx%20y.iso',
    );
    expect(path`/cluster/ha/resources/${'vm:100'}`).toBe('/cluster/ha/resources/vm%3A100');
    expect(path`/version`).toBe('/version');
  });

  test('is about a node or about none', () => {
    expect(nodeOfPath('/nodes/pve1/qemu')).toBe('pve1');
    expect(nodeOfPath('/nodes')).toBeUndefined();
    expect(nodeOfPath('/cluster/resources')).toBeUndefined();
  });
});

describe('parameters', () => {
  test('are form-encoded with 0 and 1, repeated keys for lists, and nothing for undefined', () => {
    expect(encodeParams({ a: true, b: false, n: 0, list: ['x', 'y'], none: undefined, empty: '' })).toBe(
      'a=1&b=0&n=0&list=x&list=y&empty=',
    );
  });

  test('escape what PVE would take for a separator or a blank', () => {
    expect(encodeParams({ boot: 'order=scsi0;net0', text: 'a+b c&d\nü' })).toBe(
      'boot=order%3Dscsi0%3Bnet0&text=a%2Bb%20c%26d%0A%C3%BC',
    );
  });

  test('may be none', () => expect(encodeParams()).toBe(''));
});

describe('an upload', () => {
  test('has its fields first, the file last, and Content-Disposition as the first header of each part', () => {
    const { contentType, body } = encodeMultipart({
      fields: { content: 'iso', 'checksum-algorithm': 'sha256', checksum: 'ab' },
      fileName: 'x"\r\ny.iso',
      bytes: new TextEncoder().encode('BYTES'),
    });
    const boundary = contentType.split('boundary=')[1] ?? '';
    expect(Buffer.from(body).toString()).toBe(
      [
        `--${boundary}`,
        'Content-Disposition: form-data; name="content"',
        '',
        'iso',
        `--${boundary}`,
        'Content-Disposition: form-data; name="checksum-algorithm"',
        '',
        'sha256',
        `--${boundary}`,
        'Content-Disposition: form-data; name="checksum"',
        '',
        'ab',
        `--${boundary}`,
        'Content-Disposition: form-data; name="filename"; filename="x___y.iso"',
        'Content-Type: application/octet-stream',
        '',
        'BYTES',
        `--${boundary}--`,
        '',
      ].join('\r\n'),
    );
  });
});
