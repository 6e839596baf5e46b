import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SettingsSource } from '#runtime/settings';
import { CredentialsError, readCredentials } from './read-credentials.ts';

function source(environment: Record<string, string>, files: Record<string, string> = {}): SettingsSource {
  const credentialsFolder = mkdtempSync(join(tmpdir(), 'vrtg-credentials-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(credentialsFolder, name), text);
  return { environment, credentialsFolder };
}

const token = { PVE_TOKEN_ID: 'me@pve!vrtg', PVE_TOKEN_SECRET: 's' };
const login = { PVE_USERNAME: 'me@pve', PVE_PASSWORD: 'p' };

describe('credentials', () => {
  it('are taken as a pair from one source', () => {
    expect(readCredentials(source(token)).credentials).toEqual({
      kind: 'token',
      id: 'me@pve!vrtg',
      secret: 's',
      from: 'PVE_TOKEN_ID',
    });
    const files = { token_id: 'a@b@ldap!two\n', token_secret: 't\n' };
    expect(readCredentials(source(token, files)).credentials).toMatchObject({ id: 'a@b@ldap!two', secret: 't' });
    const logins = { ...login, PROVIDER_USERNAME: 'you@pam', PROVIDER_PASSWORD: 'q' };
    expect(readCredentials(source(logins)).credentials).toEqual({
      kind: 'password',
      username: 'you@pam',
      password: 'q',
      from: 'PROVIDER_USERNAME',
    });
  });

  it('are a token where there is a password too, and that is said', () => {
    const { credentials, warning } = readCredentials(source(token, { username: 'me@pve', password: 'p' }));
    expect(credentials.kind).toBe('token');
    expect(warning).toMatch(/username is not used: the API token from PVE_TOKEN_ID takes precedence/);
    expect(readCredentials(source({ ...token, PVE_PASSWORD: 'p' })).warning).toMatch(/^PVE_PASSWORD is not used/);
  });

  it.each([
    ['  blanks in it and around it  ', '  blanks in it and around it  '],
    ['%41:=&+;"\\', '%41:=&+;"\\'],
    ['Пароль ß 🔑\n', 'Пароль ß 🔑'],
    ['line end of Windows\r\n', 'line end of Windows'],
    ['one of two line ends\n\n', 'one of two line ends\n'],
  ])('have a password as it is in its file, without the line end: %j', (text, password) => {
    const files = { username: 'me@pve\n', password: text };
    expect(readCredentials(source({}, files)).credentials).toMatchObject({ username: 'me@pve', password });
  });

  it('have no line end of a variable either', () => {
    const { credentials } = readCredentials(source({ ...login, PVE_PASSWORD: ' p \n' }));
    expect(credentials).toMatchObject({ password: ' p ' });
  });

  it.each([
    ['nothing at all', {}, {}, /set PVE_TOKEN_ID and PVE_TOKEN_SECRET, or PVE_USERNAME and PVE_PASSWORD/],
    ['a missing secret', { PVE_TOKEN_ID: 'a@pve!tt' }, {}, /PVE_TOKEN_SECRET is missing/],
    ['a missing id', { PROVIDER_TOKEN_SECRET: 's' }, {}, /PROVIDER_TOKEN_ID is missing/],
    ['half a pair of files, whatever the environment says', token, { token_secret: 's' }, /token_id is missing/],
    ['half a token beside a whole login', { ...login, PVE_TOKEN_ID: 'a@pve!tt' }, {}, /PVE_TOKEN_SECRET is missing/],
    ['a missing password', { PVE_USERNAME: 'me@pve' }, { username: 'me@pve' }, /\/password is missing/],
    ['a missing user', { PVE_PASSWORD: 'p' }, {}, /PVE_USERNAME is missing/],
    ['an id without a token name', { PVE_TOKEN_ID: 'root@pam', PVE_TOKEN_SECRET: 's' }, {}, /user@realm!tokenid/],
    ['a user without a realm', { ...login, PVE_USERNAME: 'root' }, {}, /PVE_USERNAME is not of the form user@realm/],
  ])('are refused with a hint for %s', (_what, environment, files, hint) => {
    const read = (): unknown => readCredentials(source(environment, files));
    expect(read).toThrow(CredentialsError);
    expect(read).toThrow(hint);
  });
});
