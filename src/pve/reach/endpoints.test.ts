import { describe, expect, it } from 'vitest';
import { readSettings } from '#runtime/settings';
import { readEndpoints } from './endpoints.ts';
import { pveSettingsTable } from './settings.ts';

const SHOWN = Array.from({ length: 32 }, () => 'AB').join(':');

function endpointsOf(environment: Readonly<Record<string, string>>) {
  return readEndpoints(readSettings(pveSettingsTable, { environment, credentialsFolder: '/nonexistent' }));
}

describe('an endpoint', () => {
  it.each([
    ['https://pve:8006', 'https://pve:8006', ''],
    ['https://pve:8006/', 'https://pve:8006', ''],
    ['https://pve:8006/api2', 'https://pve:8006', ''],
    [' https://PVE:8006/api2/json/ ', 'https://pve:8006', ''],
    ['https://pve', 'https://pve:443', ''],
    ['http://10.0.0.1:80', 'http://10.0.0.1:80', ''],
    ['https://gw.example.com/pve', 'https://gw.example.com:443', '/pve'],
    ['https://gw.example.com/clusters/a/api2/json', 'https://gw.example.com:443', '/clusters/a'],
    ['https://[2001:DB8:0::1]:8006/api2/json', 'https://[2001:db8::1]:8006', ''],
  ])('may be written %s', (text, origin, prefix) => {
    expect(endpointsOf({ PVE_ENDPOINT: text })).toEqual([
      { origin, address: origin.replace(/^.*\/\//, ''), secure: origin.startsWith('https'), prefix },
    ]);
  });

  it.each([
    ['pve', /use a URL such as/],
    ['pve:8006', /use a URL such as/],
    ['https://', /use a URL such as/],
    ['ftp://pve:8006', /use a URL such as/],
    ['https://pve:8006/#v1:0:18', /use a URL such as/],
    ['https://pve:8006/api2/extjs', /use a URL such as/],
    ['https://pve:8006/api2/json/nodes', /use a URL such as/],
    ['https://2001:db8::1:8006', /brackets/],
    ['https://[fe80::1%25eth0]:8006', /zone/],
    ['https://[fe80::1%eth0]:8006', /zone/],
  ])('may not be written %s', (text, hint) => {
    expect(() => endpointsOf({ PVE_ENDPOINT: `https://other:8006,${text}` })).toThrow(
      expect.objectContaining({
        fields: { error: 'invalid endpoint URL', endpoint: text, hint: expect.stringMatching(hint) as string },
      }),
    );
  });

  it.each(['https://root:s3cr3t@pve:8006', 'root@pam:s3cr3t@pve:8006', 'https://a:s3@cr3t@pve:8006/#x'])(
    'with an account is refused, and the log does not learn it',
    (text) => {
      const fields = {
        error: 'invalid endpoint URL',
        endpoint: expect.stringMatching(/^(https:\/\/)?\*\*\*@pve:8006/) as string,
        hint: expect.stringContaining('PVE_USERNAME') as string,
      };
      expect(() => endpointsOf({ PVE_ENDPOINT: text })).toThrow(expect.objectContaining({ fields }));
    },
  );

  it('has to be there', () => {
    const fields = expect.objectContaining({ error: 'endpoint is required' }) as object;
    expect(() => endpointsOf({ PVE_ENDPOINT: ' , ' })).toThrow(expect.objectContaining({ fields }));
  });
});

describe('several endpoints', () => {
  it('are used in order, each once, each with its fingerprint and its proxy', () => {
    const endpoints = endpointsOf({
      PVE_ENDPOINT: 'https://a:8006,http://b:8006,https://a:8006/api2,https://10.1.1.1:8006',
      PVE_FINGERPRINT: `${SHOWN},,${SHOWN.toLowerCase()},`,
      HTTPS_PROXY: 'proxy:3128',
      no_proxy: '10.0.0.0/8',
    });
    const shown = endpoints.map(({ origin, fingerprint, proxy }) => [origin, fingerprint, proxy?.address]);
    expect(shown).toEqual([
      ['https://a:8006', SHOWN, 'proxy:3128'],
      ['http://b:8006', undefined, undefined],
      ['https://10.1.1.1:8006', undefined, undefined],
    ]);
  });

  it.each([
    [{ PVE_ENDPOINT: 'https://a,https://b', PVE_FINGERPRINT: SHOWN }, '1 fingerprint for 2 endpoints'],
    [{ PVE_ENDPOINT: 'https://a', PVE_FINGERPRINT: `${SHOWN},` }, '2 fingerprints for 1 endpoint'],
    [{ PVE_ENDPOINT: 'http://a', PVE_FINGERPRINT: SHOWN }, 'invalid endpoint URL'],
    [{ PVE_ENDPOINT: 'https://a,https://a/api2', PVE_FINGERPRINT: `${SHOWN},` }, 'two fingerprints for a:443'],
  ])('%o end the start', (environment, error) => {
    const fields = expect.objectContaining({ error }) as object;
    expect(() => endpointsOf(environment)).toThrow(expect.objectContaining({ fields }));
  });
});
