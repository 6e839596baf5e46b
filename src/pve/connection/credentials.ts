// Who we say we are. What PVE makes of it is known only when it has answered.

/** An API token (pve-behaviour 4.3). */
export interface Token {
  readonly kind: 'token';
  /** `user@realm!tokenid` */
  readonly id: string;
  readonly secret: string;
  /** Where it was found, for the log. */
  readonly from: string;
}

/** What a session is opened with (pve-behaviour 4.1). */
export interface Password {
  readonly kind: 'password';
  /** `user@realm` */
  readonly username: string;
  readonly password: string;
  /** Where it was found, for the log. */
  readonly from: string;
}

export type Credentials = Token | Password;

/** Credentials that may change while a program runs. */
export interface CredentialsSupply {
  /** The same object for as long as they are the same. */
  current(): Credentials;
  /** Looks at once whether they have changed. */
  look(): void;
  stop(): void;
}

export function unchanging(credentials: Credentials): CredentialsSupply {
  return { current: () => credentials, look: () => undefined, stop: () => undefined };
}

/** Fields of a log line: who, and never with what. */
export function identityFields(credentials: Credentials): { readonly token: string } | { readonly user: string } {
  return credentials.kind === 'token' ? { token: credentials.id } : { user: credentials.username };
}
