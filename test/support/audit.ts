// What a kube-apiserver writes down of each request: who has asked for what, and whether they were let.
import { readFileSync } from 'node:fs';

export interface Asked {
  readonly user: string;
  readonly verb: string;
  /** `virtualmachines/status.infra.virtrigaud.io`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** Whoever asked has no right to; what a namespace that ends refuses is something else. */
  readonly isForbidden: boolean;
}

/** Each request once, when it is over. */
export const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata' }],
});

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Of the log's file. */
export function readAudit(file: string): readonly Asked[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(askedOf);
}

function askedOf(line: string): Asked {
  const { verb, user, objectRef = {}, annotations = {} } = JSON.parse(line) as AuditEvent;
  const { resource = '', subresource, apiGroup, namespace, name } = objectRef;
  const whole = `${resource}${subresource === undefined ? '' : `/${subresource}`}`;
  return {
    user: user.username,
    verb,
    resource: apiGroup === undefined ? whole : `${whole}.${apiGroup}`,
    namespace,
    name,
    isForbidden: annotations['authorization.k8s.io/decision'] === 'forbid',
  };
}
