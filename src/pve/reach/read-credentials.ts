// The API token, or user and password: taken as a pair from one source, since two halves from different places never meet.
import { findSetting, type SettingsSource } from '#runtime/settings';
import type { Credentials } from '../connection/credentials.ts';

/** Why there are no credentials; the message is what a person can do. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly problem: 'missing' | 'invalid';

  constructor(problem: 'missing' | 'invalid', hint: string, cause?: unknown) {
    super(hint, cause === undefined ? undefined : { cause });
    this.problem = problem;
  }
}

interface Half {
  readonly variables: readonly string[];
  readonly file?: string;
}

interface PairSource {
  readonly name: Half;
  readonly secret: Half;
}

/** In the order in which they are looked at. */
function pairsOf(name: string, secret: string): readonly PairSource[] {
  return [
    { name: { variables: [], file: name }, secret: { variables: [], file: secret } },
    ...['PROVIDER', 'PVE'].map((prefix) => ({
      name: { variables: [`${prefix}_${name.toUpperCase()}`] },
      secret: { variables: [`${prefix}_${secret.toUpperCase()}`] },
    })),
  ];
}

const TOKEN_PAIRS = pairsOf('token_id', 'token_secret');
const PASSWORD_PAIRS = pairsOf('username', 'password');

/** Files of the credentials folder that hold credentials. */
export const CREDENTIAL_FILES: readonly string[] = ['token_id', 'token_secret', 'username', 'password'];

export interface FoundCredentials {
  readonly credentials: Credentials;
  /** What a reader of the log should know. */
  readonly warning: string | undefined;
}

/** A token wins over a password. Throws CredentialsError where there is no whole, well-formed pair of either. */
export function readCredentials(source: SettingsSource): FoundCredentials {
  const token = readPair(TOKEN_PAIRS, source);
  if (token !== undefined) {
    const other = PASSWORD_PAIRS.flatMap(({ name, secret }) => find(name, source) ?? find(secret, source) ?? [])[0];
    const warning =
      other === undefined ? undefined : `${other.from} is not used: the API token from ${token.from} takes precedence`;
    return { credentials: checkedToken(token), warning };
  }
  const login = readPair(PASSWORD_PAIRS, source);
  if (login !== undefined) return { credentials: checkedLogin(login), warning: undefined };
  const hint =
    'set PVE_TOKEN_ID and PVE_TOKEN_SECRET, or PVE_USERNAME and PVE_PASSWORD, or mount token_id and token_secret, or username and password';
  throw new CredentialsError('missing', hint);
}

interface Pair {
  readonly name: string;
  readonly secret: string;
  readonly from: string;
}

function readPair(pairs: readonly PairSource[], source: SettingsSource): Pair | undefined {
  for (const pair of pairs) {
    const name = find(pair.name, source);
    const secret = find(pair.secret, source);
    if (name === undefined && secret === undefined) continue;
    if (name === undefined) throw halfMissing(pair.name, source);
    if (secret === undefined) throw halfMissing(pair.secret, source);
    return { name: name.text.trim(), secret: secret.text, from: name.from };
  }
  return undefined;
}

function find(half: Half, source: SettingsSource): ReturnType<typeof findSetting> {
  try {
    const found = findSetting({ ...half, parse: String, fallback: '', about: '' }, source);
    // A variable may come from a secret that was made from a file.
    return found && half.file === undefined ? { ...found, text: found.text.replace(/\r?\n$/, '') } : found;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new CredentialsError('missing', `${nameOf(half, source)} cannot be read (${code})`, cause);
  }
}

function halfMissing(half: Half, source: SettingsSource): CredentialsError {
  return new CredentialsError('missing', `${nameOf(half, source)} is missing, its other half is set`);
}

function nameOf(half: Half, source: SettingsSource): string {
  return half.file === undefined ? (half.variables[0] ?? '') : `${source.credentialsFolder}/${half.file}`;
}

/** User names may contain `@`: the realm is what stands behind the last one. */
function checkedToken({ name, secret, from }: Pair): Credentials {
  if (/^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+$/.test(name)) {
    return { kind: 'token', id: name, secret: secret.trim(), from };
  }
  throw new CredentialsError('invalid', `the token id from ${from} is not of the form user@realm!tokenid`);
}

/** The password stays as it is, blanks included: only the line end at the end of a file is none of it. */
function checkedLogin({ name, secret, from }: Pair): Credentials {
  if (/^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+$/.test(name)) {
    return { kind: 'password', username: name, password: secret, from };
  }
  throw new CredentialsError('invalid', `the user name from ${from} is not of the form user@realm`);
}
