import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { type Credentials, type CredentialsSupply, identityFields, unchanging } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { createSigner, type Signer } from './signer.ts';

/** Makes requests ours. */
export interface Authenticator {
  /**
   * For one endpoint. Each has sessions of its own: a ticket belongs to the cluster that gave it, and an endpoint may lead
   * to another one, where it must not be mistaken for ours, nor a refusal there for one here.
   */
  signerFor(endpoint: Endpoint, clock: Clock, log: Logger): Signer;
  stop(): void;
}

export function createAuthenticator(supply: CredentialsSupply): Authenticator {
  const verdicts = createVerdicts(supply);
  return {
    signerFor: (endpoint, clock, log) =>
      createSigner({ supply, clock, log, onVerdict: (verdict) => verdicts.tell({ ...verdict, endpoint }, log) }),
    stop: () => supply.stop(),
  };
}

/** One API token for good. */
export function tokenAuthenticator(id: string, secret: string): Authenticator {
  return createAuthenticator(unchanging({ kind: 'token', id, secret, from: 'the caller' }));
}

interface Verdict {
  readonly credentials: Credentials;
  /** PVE's words where it has refused them. */
  readonly refusal: string | undefined;
  readonly endpoint: Endpoint;
}

/** Tells the log what PVE thinks of the present credentials: once, and again when that changes. */
function createVerdicts(supply: CredentialsSupply): { tell(verdict: Verdict, log: Logger): void } {
  let told: Pick<Verdict, 'credentials' | 'refusal'> | undefined;
  return {
    tell: ({ credentials, refusal, endpoint }, log) => {
      if (credentials !== supply.current()) return;
      if (told?.credentials === credentials && told.refusal === refusal) return;
      told = { credentials, refusal };
      const fields = { ...identityFields(credentials), from: credentials.from, endpoint: endpoint.address };
      if (refusal === undefined) log.info('Authenticated to PVE', fields);
      else log.warn('PVE refuses the credentials', { ...fields, error: refusal });
    },
  };
}
