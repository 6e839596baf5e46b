import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SettingsSource } from '#runtime/settings';
import { CredentialsError, readToken } from './token.ts';

function source(environment: Record<string, string>, files: Record<string, string> = {}): SettingsSource {
  const credentialsFolder = mkdtempSync(join(tmpdir(), 'vrtg-credentials-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(credentialsFolder, name), text);
  return { environment, credentialsFolder };
}

describe('the API token', () => {
  const whole = { PVE_TOKEN_ID: 'me@pve!vrtg', PVE_TOKEN_SECRET: 's' };

  it('is taken as a pair from one source', () => {
    expect(readToken(source(whole))).toEqual({ id: 'me@pve!vrtg', secret: 's', from: 'PVE_TOKEN_ID' });
    const files = { token_id: 'a@b@ldap!two\n', token_secret: 't\n' };
    expect(readToken(source(whole, files))).toMatchObject({ id: 'a@b@ldap!two', secret: 't' });
  });

  it.each([
    ['nothing at all', {}, {}, /set PVE_TOKEN_ID and PVE_TOKEN_SECRET/],
    ['a missing secret', { PVE_TOKEN_ID: 'a@pve!tt' }, {}, /PVE_TOKEN_SECRET is missing/],
    ['a missing id', { PROVIDER_TOKEN_SECRET: 's' }, {}, /PROVIDER_TOKEN_ID is missing/],
    ['half a pair of files, whatever the environment says', whole, { token_secret: 's' }, /token_id is missing/],
    ['a password', { PVE_USERNAME: 'u', PVE_PASSWORD: 'p' }, {}, /API token only/],
    ['an id without a token name', { PVE_TOKEN_ID: 'root@pam', PVE_TOKEN_SECRET: 's' }, {}, /user@realm!tokenid/],
  ])('is refused with a hint for %s', (_what, environment, files, hint) => {
    const read = (): unknown => readToken(source(environment, files));
    expect(read).toThrow(CredentialsError);
    expect(read).toThrow(hint);
  });
});
