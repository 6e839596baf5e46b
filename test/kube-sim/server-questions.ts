// Requests that a real kube-apiserver and the API on one machine have to answer alike: what clients and people get wrong, of our
// kinds and of those that a manager writes. In order: later ones are about what earlier ones have made.

/** Method, path, body, content type. */
export type Question = readonly [method: string, path: string, body?: unknown, type?: string];

const EVENTS = '/api/v1/namespaces/default/events';
const SECRETS = '/api/v1/namespaces/default/secrets';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const OURS = '/apis/infra.virtrigaud.io/v1beta1';
const VMS = `${OURS}/namespaces/default/virtualmachines`;

function event(name: string, members: object = {}): object {
  const involvedObject = { kind: 'Pod', namespace: 'default', name: 'x' };
  const said = { involvedObject, reason: 'Made', message: 'it is made', type: 'Normal' };
  return { apiVersion: 'v1', kind: 'Event', metadata: { name }, ...said, ...members };
}

function lease(name: string, spec: object): object {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec };
}

function secret(name: string, members: object): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, ...members };
}

function vm(name: string, metadata: object = {}, spec: object = {}): object {
  const usual = { providerRef: { name: 'p' }, classRef: { name: 'c' }, imageRef: { name: 'i' } };
  const kind = { apiVersion: 'infra.virtrigaud.io/v1beta1', kind: 'VirtualMachine' };
  return { ...kind, metadata: { name, ...metadata }, spec: { ...usual, ...spec } };
}

const condition = (reason: string, more: object = {}): object => ({
  status: { conditions: [{ type: 'Ready', status: 'True', reason, message: '', ...more }] },
});
const NOW = { lastTransitionTime: '2026-01-01T00:00:00Z' };
const options = (more: object): object => ({ apiVersion: 'v1', kind: 'DeleteOptions', ...more });
const owner = (uid: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Thing',
  name: 'x',
  uid,
  ...more,
});

export const QUESTIONS: readonly Question[] = [
  ['POST', EVENTS, event('plain')],
  ['POST', EVENTS, event('astray', { involvedObject: { kind: 'Pod', namespace: 'other', name: 'x' } })],
  ['POST', EVENTS, event('of-node', { involvedObject: { kind: 'Node', name: 'x' } })],
  ['POST', EVENTS, event('Any.Name', { type: 'Odd', count: -1, message: 'x'.repeat(2000) })],
  ['POST', EVENTS, event('whole', { firstTimestamp: '2026-01-01T00:00:00Z', source: { component: 'a' } })],
  ['POST', EVENTS, event('newer', { eventTime: '2026-01-01T00:00:00.000000Z' })],
  ['POST', EVENTS, event('day', { firstTimestamp: '2026-01-01' })],
  ['POST', EVENTS, event('no-day', { firstTimestamp: '2026-02-30T00:00:00Z' })],
  ['POST', EVENTS, event('more', { firstTimestamp: '2026-01-01T00:00:00Zz' })],
  ['GET', `${EVENTS}?fieldSelector=message%3Dm`],

  ['POST', LEASES, lease('held', { holderIdentity: 'x', leaseDurationSeconds: 15 })],
  ['POST', LEASES, lease('free', { holderIdentity: '', leaseDurationSeconds: 15 })],
  ['POST', LEASES, lease('none', { leaseDurationSeconds: 0 })],
  ['POST', LEASES, lease('back', { leaseTransitions: -1 })],
  ['POST', LEASES, lease('seconds', { renewTime: '2026-01-01T00:00:00Z' })],
  ['POST', LEASES, lease('tenths', { acquireTime: '2026-01-01T00:00:00.5Z' })],
  ['POST', LEASES, lease('words', { renewTime: 'garbage' })],
  ['PATCH', `${LEASES}/free`, { spec: { holderIdentity: 'y', renewTime: '2026-01-01T00:00:00.000000Z' } }],
  ['PATCH', `${LEASES}/held`, { spec: { holderIdentity: null } }],

  ['POST', SECRETS, secret('half', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'YQ==' } })],
  ['POST', SECRETS, secret('bad key', { data: { 'a b': 'YQ==' } })],
  ['POST', SECRETS, secret('text', { data: { a: 'not base64!' } })],
  ['POST', SECRETS, secret('frozen', { data: { a: 'YQ==' }, immutable: true })],
  ['PATCH', `${SECRETS}/frozen`, { data: { a: 'Yg==' } }],
  ['PATCH', `${SECRETS}/frozen`, { immutable: false }],
  ['PATCH', `${SECRETS}/frozen`, { type: 'other' }],
  ['DELETE', `${SECRETS}/frozen`],

  ['POST', VMS, vm('plain')],
  ['POST', VMS, vm('finalizer', { finalizers: ['nodomain'] })],
  ['POST', VMS, vm('finalizer-2', { finalizers: ['Bad_/x y'] })],
  ['POST', VMS, vm('finalizer-3', { finalizers: ['a.b/c', 'a.b/c'] })],
  ['POST', VMS, vm('Upper')],
  ['POST', VMS, vm('a'.repeat(260))],
  ['POST', VMS, vm('owned', { ownerReferences: [{ apiVersion: 'v1', kind: 'Thing', name: 'x' }] })],
  [
    'POST',
    VMS,
    vm('owned-2', { ownerReferences: [owner('u', { controller: true }), owner('v', { controller: true })] }),
  ],
  ['POST', VMS, vm('owned-3', { ownerReferences: [owner('u', { kind: 'Event' })] })],
  ['POST', VMS, vm('label', { labels: { 'a b': 'c' } })],
  ['POST', VMS, vm('label-2', { labels: { a: 'x'.repeat(64) } })],
  ['POST', VMS, vm('annotation', { annotations: { 'A/b/c': 'c' } })],
  ['POST', VMS, vm('annotation-2', { annotations: { a: 'x'.repeat(300_000) } })],
  ['POST', VMS, vm('elsewhere', { namespace: 'other' })],
  ['POST', `${OURS}/namespaces/nowhere/virtualmachines`, vm('elsewhere')],
  ['POST', VMS, vm('version', { resourceVersion: '1' })],
  ['POST', VMS, vm('unknown', {}, { nonsense: 1 })],
  ['POST', `${VMS}?fieldValidation=Strict`, vm('unknown-2', {}, { nonsense: 1 })],
  ['POST', `${VMS}?fieldValidation=Warn`, vm('unknown-3', {}, { nonsense: 1 })],
  ['POST', `${VMS}?fieldValidation=Odd`, vm('unknown-4')],
  ['POST', `${VMS}?dryRun=All`, vm('dry')],
  ['POST', `${VMS}?dryRun=Some`, vm('dry')],
  ['GET', `${VMS}?fieldSelector=spec.x%3Da`],
  ['GET', `${VMS}?labelSelector=a%20b`],
  ['GET', `${VMS}?limit=x`],
  ['GET', `${VMS}?resourceVersion=abc`],
  ['GET', `${VMS}?resourceVersionMatch=Exact`],
  ['GET', `${VMS}?watch=1&resourceVersion=abc`],

  ['PATCH', `${VMS}/plain`, { metadata: { resourceVersion: '1' } }],
  ['PATCH', `${VMS}/plain`, { metadata: { name: 'other' } }],
  ['PATCH', `${VMS}/plain`, { metadata: { finalizers: ['nodomain'] } }],
  ['PATCH', `${VMS}/plain`, { spec: { providerRef: null } }],
  ['PATCH', `${VMS}/plain/status`, { status: { phase: 7 } }],
  ['PATCH', `${VMS}/plain/status`, { status: { conditions: [{ type: 'Ready' }] } }],
  ['PATCH', `${VMS}/plain/status`, condition('has space', NOW)],
  ['PATCH', `${VMS}/plain/status`, condition('Fine', NOW)],
  ['PATCH', `${VMS}/plain/status`, { status: { nonsense: 1 } }],
  ['PATCH', `${VMS}/plain/status`, { metadata: { finalizers: ['x.y/z'] } }],
  ['PATCH', `${VMS}/plain`, [1]],
  ['PATCH', `${VMS}/plain`, {}, 'application/json'],
  ['PATCH', `${VMS}/plain`, { spec: {} }, 'application/strategic-merge-patch+json'],
  ['PATCH', `${VMS}/plain`, [{ op: 'replace', path: '/spec/nope', value: 1 }], 'application/json-patch+json'],

  ['DELETE', `${VMS}/plain`, options({ preconditions: { uid: 'another' } })],
  ['DELETE', `${VMS}/plain`, options({ propagationPolicy: 'Odd' })],
  ['PATCH', `${VMS}/plain`, { metadata: { finalizers: ['x.y/z'] } }],
  ['DELETE', `${VMS}/plain`],
  ['PATCH', `${VMS}/plain`, { metadata: { finalizers: ['x.y/z', 'x.y/new'] } }],
  ['PATCH', `${VMS}/plain`, { spec: { classRef: { name: 'later' } } }],
  ['DELETE', `${VMS}/plain`],
  ['PATCH', `${VMS}/plain`, { metadata: { finalizers: null } }],
  ['GET', `${VMS}/plain`],
  ['PUT', `${VMS}/none`, vm('none')],
  ['PUT', `${VMS}/none`, vm('other')],
  ['GET', `${OURS}/nothings`],
  ['GET', '/apis/infra.virtrigaud.io/v9/virtualmachines'],
  ['POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'Bad' } }],
  ['DELETE', '/api/v1/namespaces/default'],
];
