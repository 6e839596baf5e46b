// Changes without a manifest: create, patch, label, annotate and wait with real kubectl.
import { expect } from 'vitest';
import { BEGINNING, tellStory } from './story.ts';

const READY = '{"status":{"phase":"Up","conditions":[{"type":"Ready","status":"True"}]}}';

tellStory('changes with kubectl', [
  ...BEGINNING,
  {
    line: 'kubectl create secret generic login --from-literal=user=admin --from-literal=password=s3cret',
    prints: 'secret/login created',
    leaves: { 'secrets/login': { type: 'Opaque', data: { user: 'YWRtaW4=', password: 'czNjcmV0' } } },
  },
  {
    line: 'kubectl create secret generic login --from-literal=user=admin',
    exit: 1,
    complains: 'error: failed to create secret secrets "login" already exists',
  },
  {
    line: 'kubectl create secret generic login --from-literal=user=root --dry-run=client -o yaml | kubectl apply -f -',
    complains: ['missing the kubectl.kubernetes.io/last-applied-configuration annotation'],
    prints: 'secret/login configured',
    leaves: { 'secrets/login': { data: { user: 'cm9vdA==', password: 'czNjcmV0' } } },
  },
  { line: 'kubectl describe secret login', prints: ['Type:  Opaque', 'password:  6 bytes', 'user:      4 bytes'] },
  {
    line: 'kubectl create secret docker-registry pull --docker-username=me --docker-password=x --docker-server=r.test',
    prints: 'secret/pull created',
    leaves: { 'secrets/pull': { type: 'kubernetes.io/dockerconfigjson' } },
  },
  {
    line: `kubectl create -f - <<< '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"plain"},"stringData":{"a":"b"}}'`,
    prints: 'secret/plain created',
    leaves: { 'secrets/plain': { data: { a: 'Yg==' } } },
  },
  {
    line: 'kubectl create configmap settings --from-literal=colour=blue --from-file=web.yaml',
    prints: 'configmap/settings created',
    leaves: {
      'configmaps/settings': { data: { colour: 'blue', 'web.yaml': expect.stringContaining('kind: Machine') } },
    },
  },
  { line: 'kubectl get cm settings', prints: 'NAME       DATA   AGE\nsettings   2      <age>' },
  { line: 'kubectl describe cm settings', prints: ['colour:\n----\nblue\n'] },
  {
    line: 'kubectl create namespace team',
    prints: 'namespace/team created',
    leaves: { 'namespaces/team': { status: { phase: 'Active' } } },
  },
  { line: 'kubectl create serviceaccount robot', prints: 'serviceaccount/robot created' },
  {
    line: `kubectl patch ma db --type=merge -p '{"spec":{"cpus":5,"pool":null}}'`,
    prints: 'machine.example.test/db patched',
    leaves: { 'machines/db': { spec: { cpus: 5, pool: 'red' } } },
  },
  {
    line: `kubectl patch ma db --type=merge -p '{"spec":{"cpus":5}}'`,
    prints: 'machine.example.test/db patched (no change)',
  },
  {
    line: `kubectl patch ma db --type=json -p '[{"op":"replace","path":"/spec/cpus","value":6},{"op":"add","path":"/spec/tags","value":["a"]}]'`,
    prints: 'machine.example.test/db patched',
    leaves: { 'machines/db': { spec: { cpus: 6, tags: ['a'] } } },
  },
  {
    line: `kubectl patch ma db --type=json -p '[{"op":"test","path":"/spec/cpus","value":7}]'`,
    exit: 1,
    complains: 'The request is invalid: the server rejected our request due to an error in our request',
  },
  {
    line: `kubectl patch ma db -p '{"spec":{"cpus":5}}'`,
    exit: 1,
    complains: ['application/strategic-merge-patch+json is not supported by example.test/v1, Kind=Machine'],
  },
  {
    line: `kubectl patch secret plain -p '{"stringData":{"c":"d"}}'`,
    prints: 'secret/plain patched',
    leaves: { 'secrets/plain': { data: { a: 'Yg==', c: 'ZA==' } } },
  },
  {
    line: `kubectl patch cm settings -p '{"data":{"colour":null,"size":"9"}}'`,
    prints: 'configmap/settings patched',
    leaves: { 'configmaps/settings': { data: { size: '9' } } },
  },
  {
    line: `kubectl patch ns team -p '{"metadata":{"labels":{"owner":"me"}}}'`,
    prints: 'namespace/team patched',
    leaves: { 'namespaces/team': { metadata: { labels: { owner: 'me', 'kubernetes.io/metadata.name': 'team' } } } },
  },
  {
    line: `kubectl patch sa robot -p '{"secrets":[{"name":"pull"}]}'; kubectl patch sa robot -p '{"secrets":[{"name":"other"}]}'`,
    prints: 'serviceaccount/robot patched\nserviceaccount/robot patched',
    leaves: { 'serviceaccounts/robot': { secrets: [{ name: 'other' }, { name: 'pull' }] } },
  },
  {
    line: 'kubectl wait ma/db --for=condition=Ready --timeout=1s',
    exit: 1,
    complains: 'error: timed out waiting for the condition on machines/db',
  },
  {
    line: `(kubectl wait ma/db --for=condition=Ready --timeout=20s & kubectl patch ma db --subresource=status --type=merge -p '${READY}'; wait)`,
    prints: ['machine.example.test/db patched\n', 'machine.example.test/db condition met\n'],
    leaves: { 'machines/db': { metadata: { generation: 3 }, status: { phase: 'Up' } } },
  },
  {
    line: `kubectl wait ma/db --for=jsonpath='{.status.phase}'=Up --timeout=5s`,
    prints: 'machine.example.test/db condition met',
  },
  { line: 'kubectl wait ma --all --for=create --timeout=5s', prints: ['condition met'] },
  {
    line: 'kubectl label ma db tier=front',
    exit: 1,
    complains: `error: 'tier' already has a value (back), and --overwrite is false`,
  },
  { line: 'kubectl label ma db tier=front --overwrite', prints: 'machine.example.test/db labeled' },
  {
    line: 'kubectl label ma -l tier=front shift=night',
    prints: 'machine.example.test/db labeled\nmachine.example.test/web labeled',
  },
  {
    line: 'kubectl label ma --all shift-',
    prints: 'machine.example.test/db unlabeled\nmachine.example.test/web unlabeled',
  },
  {
    line: "kubectl label ma db 'rank=a b'",
    exit: 1,
    complains: ['invalid label value: "rank=a b"'],
    leaves: { 'machines/db': { metadata: { labels: { app: 'db', tier: 'front' }, generation: 3 } } },
  },
  { line: 'kubectl annotate ma db note=hello', prints: 'machine.example.test/db annotated' },
  {
    line: 'kubectl annotate ma/db ns/team note-',
    prints: 'machine.example.test/db annotated\nnamespace/team annotated',
    complains: /^$|note/,
  },
  { line: 'kubectl label ns team owner=you --overwrite --dry-run=server -o name', prints: 'namespace/team' },
  {
    line: `kubectl create -f - -o name <<< '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two","namespace":"team"}}]}'`,
    prints: 'configmap/one\nconfigmap/two',
    leaves: { 'configmaps/one': {}, 'team/configmaps/two': {} },
  },
  {
    line: `kubectl patch cm one -p '{"immutable":true}' && kubectl patch cm one -p '{"data":{"a":"b"}}'`,
    exit: 1,
    prints: 'configmap/one patched',
    complains: 'The ConfigMap "one" is invalid: data: Forbidden: field is immutable when `immutable` is set',
  },
]);
