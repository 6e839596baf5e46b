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

/**
 * Tells the log what PVE thinks of the present credentials: once that it takes them, and of each endpoint that refuses them
 * when that begins, changes and ends. One may refuse what the others take, for as long as it likes.
 */
function createVerdicts(supply: CredentialsSupply): { tell(verdict: Verdict, log: Logger): void } {
  let credentials: Credentials | undefined;
  let areTaken = false;
  /** By the address of the endpoint. */
  const refusals = new Map<string, string>();

  function begin(now: Credentials): void {
    if (now === credentials) return;
    credentials = now;
    areTaken = false;
    refusals.clear();
  }
  return {
    tell: (verdict, log) => {
      if (verdict.credentials !== supply.current()) return;
      begin(verdict.credentials);
      const { refusal, endpoint } = verdict;
      const fields = {
        ...identityFields(verdict.credentials),
        from: verdict.credentials.from,
        endpoint: endpoint.address,
      };
      if (refusal === undefined) {
        if (refusals.delete(endpoint.address) || !areTaken) log.info('Authenticated to PVE', fields);
        areTaken = true;
      } else if (refusals.get(endpoint.address) !== refusal) {
        refusals.set(endpoint.address, refusal);
        log.warn('PVE refuses the credentials', { ...fields, error: refusal });
      }
    },
  };
}
