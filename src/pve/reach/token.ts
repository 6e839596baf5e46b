// The API token, taken as a pair from one source: two halves from different places never meet.
import { findSetting, type SettingsSource } from '#runtime/settings';

export interface TokenCredentials {
  /** `user@realm!tokenid` */
  readonly id: string;
  readonly secret: string;
  /** Where it was found, for the log. */
  readonly from: string;
}

/** Why there are no credentials; `hint` is what a person can do. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly problem: 'missing' | 'invalid';

  constructor(problem: 'missing' | 'invalid', hint: string) {
    super(hint);
    this.problem = problem;
  }
}

interface PairSource {
  readonly id: { readonly variables: readonly string[]; readonly file?: string };
  readonly secret: { readonly variables: readonly string[]; readonly file?: string };
}

const TOKEN_SOURCES: readonly PairSource[] = [
  { id: { variables: [], file: 'token_id' }, secret: { variables: [], file: 'token_secret' } },
  { id: { variables: ['PROVIDER_TOKEN_ID'] }, secret: { variables: ['PROVIDER_TOKEN_SECRET'] } },
  { id: { variables: ['PVE_TOKEN_ID'] }, secret: { variables: ['PVE_TOKEN_SECRET'] } },
];
const PASSWORD_SOURCE = { variables: ['PROVIDER_USERNAME', 'PVE_USERNAME'], file: 'username' };

/** Throws CredentialsError where there is no whole, well-formed token. */
export function readToken(source: SettingsSource): TokenCredentials {
  for (const pair of TOKEN_SOURCES) {
    const id = find(pair.id, source);
    const secret = find(pair.secret, source);
    if (id === undefined && secret === undefined) continue;
    if (id === undefined) throw halfMissing(pair.id, source);
    if (secret === undefined) throw halfMissing(pair.secret, source);
    return checked({ id: id.text.trim(), secret: secret.text.trim(), from: id.from });
  }
  if (find(PASSWORD_SOURCE, source) !== undefined) {
    throw new CredentialsError('missing', 'user and password are set, but this version logs in with an API token only');
  }
  throw new CredentialsError('missing', 'set PVE_TOKEN_ID and PVE_TOKEN_SECRET, or mount token_id and token_secret');
}

function find(names: PairSource['id'], source: SettingsSource): ReturnType<typeof findSetting> {
  return findSetting({ ...names, parse: String, fallback: '', about: '' }, source);
}

function halfMissing(half: PairSource['id'], source: SettingsSource): CredentialsError {
  const name = half.file === undefined ? (half.variables[0] ?? '') : `${source.credentialsFolder}/${half.file}`;
  return new CredentialsError('missing', `${name} is missing, its other half is set`);
}

/** User names may contain `@`: the realm is what stands behind the last one. */
function checked(token: TokenCredentials): TokenCredentials {
  if (/^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+$/.test(token.id)) return token;
  throw new CredentialsError('invalid', `the token id from ${token.from} is not of the form user@realm!tokenid`);
}
