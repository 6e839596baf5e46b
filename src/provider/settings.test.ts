import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SettingError } from '#runtime/settings';
import { readProviderSettings, settingWarnings } from './settings.ts';

function source(environment: Record<string, string>, files: Record<string, string> = {}) {
  const credentialsFolder = mkdtempSync(join(tmpdir(), 'vrtg-credentials-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(credentialsFolder, name), text);
  return { environment, credentialsFolder };
}

describe('a setting', () => {
  it('comes from the file, then PROVIDER_, then PVE_, then the default', () => {
    const environment = { PROVIDER_TOKEN_SECRET: 'provider', PVE_TOKEN_SECRET: 'pve' };
    expect(readProviderSettings(source(environment, { token_secret: 'file\n' })).tokenSecret).toBe('file');
    expect(readProviderSettings(source(environment)).tokenSecret).toBe('provider');
    expect(readProviderSettings(source({ PVE_TOKEN_SECRET: 'pve' })).tokenSecret).toBe('pve');
    expect(readProviderSettings(source({ PROVIDER_TOKEN_SECRET: ' ', PVE_TOKEN_SECRET: 'pve' })).tokenSecret).toBe(
      'pve',
    );
    expect(readProviderSettings(source({})).tokenSecret).toBe('');
  });

  it.each([
    ['PVE_TASK_TIMEOUT', '90', 'taskTimeoutMs', 90_000],
    ['PVE_TASK_TIMEOUT', '5m', 'taskTimeoutMs', 300_000],
    ['PVE_TASK_POLL_INTERVAL', '500ms', 'taskPollIntervalMs', 500],
    ['PVE_INSECURE_SKIP_VERIFY', 'TRUE', 'insecureSkipVerify', true],
    ['PROVIDER_DEFAULT_DATASTORE', 'nvme', 'defaultStorage', 'nvme'],
    ['PVE_VMID_RANGE', '5000-5999', 'vmidRange', { low: 5000, high: 5999 }],
    ['PVE_CLOUDINIT_EJECT', 'false', 'cloudInitEject', false],
    ['PVE_NETWORK_MAP', 'a=vmbr7, b=vnet1', 'networkMap', { a: 'vmbr7', b: 'vnet1' }],
    ['VIRTRIGAUD_PROVIDER_ALLOWED_SANS', 'a, b', 'allowedSans', ['a', 'b']],
  ])('%s=%s gives %s %j', (variable, text, key, value) => {
    expect(readProviderSettings(source({ [variable]: text }))).toHaveProperty(key, value);
  });

  it.each([
    ['PVE_INSECURE_SKIP_VERIFY', 'yes', /PVE_INSECURE_SKIP_VERIFY: "yes" is not true or false/],
    ['PVE_TASK_TIMEOUT', 'soon', /PVE_TASK_TIMEOUT: "soon" is not a duration/],
    ['PVE_VMID_RANGE', '10-20', /PVE_VMID_RANGE: .*100-999999999/],
    ['PVE_VMID_RANGE', '200-100', /not a range/],
    ['PVE_STARTUP', 'wait', /PVE_STARTUP: "wait" is not one of exit, retry/],
    ['PVE_CLOUDINIT', 'never', /PVE_CLOUDINIT: "never" is not one of auto, native, iso/],
    ['PVE_NETWORK_MAP', 'lan', /"lan" is not a pair/],
    ['PVE_CLOUDINIT_EJECT', 'true', /PVE_CLOUDINIT_EJECT: is not supported: .*Eject it in PVE/],
  ])('%s=%s is refused by name', (variable, text, message) => {
    const read = (): unknown => readProviderSettings(source({ [variable]: text }));
    expect(read).toThrow(SettingError);
    expect(read).toThrow(message);
  });

  it('that nobody knows is answered with a warning', () => {
    expect(settingWarnings(source({ PVE_NODE_SELECTOR: 'a', PVE_ENDPONT: 'x', PVE_ENDPOINT: 'https://a' }))).toEqual([
      'PVE_ENDPONT is not a setting; did you mean PVE_ENDPOINT?',
    ]);
  });
});
