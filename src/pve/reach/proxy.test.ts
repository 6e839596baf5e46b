import { describe, expect, it } from 'vitest';
import { type Endpoint, parseEndpoint } from '../connection/endpoint.ts';
import { isExempt, parseProxy, proxyFor } from './proxy.ts';

function endpoint(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  if (parsed === undefined) throw new Error(`${text} is no endpoint`);
  return parsed;
}

describe('NO_PROXY', () => {
  const rows: [string, string, boolean][] = [
    ['https://pve.example.com:8006', '', false],
    ['https://pve.example.com:8006', '*', true],
    ['https://pve.example.com:8006', 'pve.example.com', true],
    ['https://pve.example.com:8006', 'other.org, EXAMPLE.com', true],
    ['https://pve.example.com:8006', '.example.com', true],
    ['https://pve.example.com:8006', '*.example.com', true],
    ['https://example.com:8006', '.example.com', false],
    ['https://example.com:8006', 'example.com', true],
    ['https://badexample.com:8006', 'example.com', false],
    ['https://pve.example.com:8006', 'ple.com', false],
    ['https://pve.example.com:8006', 'example.com:8006', true],
    ['https://pve.example.com:8006', 'example.com:443', false],
    ['https://pve.example.com', 'example.com:443', true],
    ['https://pve.example.com.:8006', 'example.com', true],
    ['https://10.1.2.3:8006', '10.0.0.0/8 192.168.0.0/16', true],
    ['https://11.1.2.3:8006', '10.0.0.0/8', false],
    ['https://10.1.2.3:8006', '10.1.2.3', true],
    ['https://10.1.2.3:8006', '10.1.2.3:8006', true],
    ['https://10.1.2.3:8006', '10.1.2.3:443', false],
    ['https://10.1.2.3:8006', '10.1.2.0/99', false],
    ['https://10.1.2.3:8006', '2.3', false],
    ['https://[2001:db8::1]:8006', '2001:DB8::/32', true],
    ['https://[2001:db8::1]:8006', '2001:db8:0:0::1', true],
    ['https://[2001:db8::1]:8006', '[2001:db8::1]:8006', true],
    ['https://[2001:db8::1]:8006', '[2001:db8::1]:443', false],
    ['https://[2001:db8::1]:8006', '10.0.0.0/8', false],
    ['https://localhost:8006', '', true],
    ['https://127.0.0.53:8006', '', true],
    ['https://[::1]:8006', '', true],
  ];
  it.each(rows)('for %s, "%s" exempts it: %s', (url, noProxy, isIt) => {
    expect(isExempt(endpoint(url), noProxy)).toBe(isIt);
  });
});

describe('the proxy', () => {
  const httpsProxy = 'http://user:p%40ss@proxy.example.com:3128';
  const settings = { httpsProxy, httpProxy: 'https://[2001:db8::9]', noProxy: '10.0.0.0/8' };

  it('is that of the scheme of the endpoint, and none where the endpoint is exempt', () => {
    expect(proxyFor(endpoint('https://pve:8006'), settings)?.address).toBe('proxy.example.com:3128');
    expect(proxyFor(endpoint('http://pve:8006'), settings)?.address).toBe('[2001:db8::9]:443');
    expect(proxyFor(endpoint('https://10.0.0.9:8006'), settings)).toBeUndefined();
    expect(proxyFor(endpoint('https://pve:8006'), { ...settings, httpsProxy: '' })).toBeUndefined();
  });

  it('has its credentials in a header, and not where it is shown', () => {
    expect(parseProxy(httpsProxy)).toEqual({
      hostname: 'proxy.example.com',
      port: 3128,
      address: 'proxy.example.com:3128',
      secure: false,
      authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    });
    expect(parseProxy('proxy:3128')).toMatchObject({ address: 'proxy:3128', secure: false, authorization: undefined });
  });

  it.each(['socks5://user:hidden@proxy:1080', 'http://', 'http://user:hidden@:80'])(
    'is not %s, which is not repeated',
    (text) => {
      const find = (): unknown => proxyFor(endpoint('https://pve:8006'), { ...settings, httpsProxy: text });
      expect(find).toThrow(
        expect.objectContaining({
          fields: {
            error: 'invalid proxy URL',
            setting: 'HTTPS_PROXY',
            hint: expect.not.stringContaining('hidden') as string,
          },
        }),
      );
      expect(proxyFor(endpoint('https://10.0.0.9:8006'), { ...settings, httpsProxy: text })).toBeUndefined();
    },
  );
});
