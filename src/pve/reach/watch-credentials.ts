import { join } from 'node:path';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import type { SettingsSource } from '#runtime/settings';
import { watchFiles } from '#runtime/watched-files';
import type { Credentials, CredentialsSupply } from '../connection/credentials.ts';
import { CREDENTIAL_FILES, readCredentials } from './read-credentials.ts';

/**
 * Credentials that follow their files. A new whole pair takes over at once; with half a pair, or what cannot be read, the
 * old ones stay and the log says why. Variables do not change.
 */
export function watchCredentials(
  first: Credentials,
  source: SettingsSource,
  clock: Clock,
  log: Logger,
): CredentialsSupply {
  let current = first;
  let told = '';

  function reload(): void {
    try {
      const { credentials, warning } = readCredentials(source);
      told = '';
      if (areEqual(credentials, current)) return;
      current = credentials;
      if (warning !== undefined) log.warn('Credentials', { warning });
      log.info('The credentials have changed', { from: credentials.from });
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unreadable';
      if (why !== told) log.warn('Credentials not reloaded, the old ones stay', { error: why });
      told = why;
    }
  }

  const paths = CREDENTIAL_FILES.map((name) => join(source.credentialsFolder, name));
  const files = watchFiles(paths, clock, reload);
  // They may have changed since they were read.
  reload();
  return { current: () => current, look: () => void files.look(), stop: () => files.stop() };
}

function areEqual(one: Credentials, other: Credentials): boolean {
  if (one.kind === 'token') return other.kind === 'token' && one.id === other.id && one.secret === other.secret;
  return other.kind === 'password' && one.username === other.username && one.password === other.password;
}
