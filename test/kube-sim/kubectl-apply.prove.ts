// Manifests and what becomes of them: apply, diff, replace, create and edit with real kubectl.
import { BEGINNING, tellStory } from './story.ts';

const CHANGED = `sed 's/cpus: 2/cpus: 3/; /name: logs/d' web.yaml`;
const PRUNE = '--prune -l rack=a --prune-allowlist=example.test/v1/Machine --prune-allowlist=core/v1/ConfigMap';

tellStory('manifests with kubectl', [
  ...BEGINNING,
  { line: 'kubectl apply -f db.yaml', prints: 'machine.example.test/db unchanged' },
  {
    line: `${CHANGED} | kubectl diff -f -`,
    exit: 1,
    prints: ['-  cpus: 2\n+  cpus: 3\n', '-  - name: logs\n', '-  generation: 1\n+  generation: 2\n'],
    leaves: { 'machines/web': { spec: { cpus: 2 } } },
  },
  {
    line: `${CHANGED} | kubectl apply -f - --dry-run=server`,
    prints: 'machine.example.test/web configured (server dry run)',
    leaves: { 'machines/web': { spec: { cpus: 2 } } },
  },
  {
    line: `${CHANGED} | kubectl apply -f -`,
    prints: 'machine.example.test/web configured',
    leaves: {
      'machines/web': { metadata: { generation: 2 }, spec: { cpus: 3, disks: [{ name: 'root', size: '20Gi' }] } },
    },
  },
  { line: `${CHANGED} | kubectl diff -f -`, prints: '' },
  {
    line: `${CHANGED} | sed 's/, tier: front//' | kubectl apply -f - -o name`,
    prints: 'machine.example.test/web',
    leaves: { 'machines/web': { metadata: { labels: { app: 'web' } } } },
  },
  { line: 'kubectl apply view-last-applied ma web', prints: ['  labels:\n    app: web\n', '  cpus: 3\n'] },
  { line: 'kubectl apply set-last-applied -f web.yaml', prints: 'machine.example.test/web configured' },
  { line: 'kubectl apply view-last-applied ma/web -o json', prints: ['"cpus": 2', '"name": "logs"'] },
  {
    line: 'kubectl apply -k overlay',
    prints: 'configmap/prod-settings-f2fg2f8dc4 created\nmachine.example.test/prod-cache created',
    leaves: {
      'machines/prod-cache': { metadata: { labels: { env: 'prod' } }, spec: { cpus: 6 } },
      'configmaps/prod-settings-f2fg2f8dc4': { data: { colour: 'green' } },
    },
  },
  { line: 'kubectl get -k overlay -o name', prints: ['machine.example.test/prod-cache'] },
  { line: 'kubectl delete -k overlay', prints: ['"prod-cache" deleted'], leaves: { 'machines/prod-cache': undefined } },
  {
    line: 'kubectl apply -R -f rack',
    prints: 'machine.example.test/rack-1 created\nmachine.example.test/rack-2 created\nconfigmap/rack-note created',
  },
  {
    line: `rm rack/shelf/note.yaml && kubectl apply -R -f rack ${PRUNE}`,
    prints: 'machine.example.test/rack-1 unchanged\nmachine.example.test/rack-2 unchanged\nconfigmap/rack-note pruned',
    leaves: { 'configmaps/rack-note': undefined, 'machines/web': {} },
  },
  {
    line: "kubectl get ma rack-1 rack-2 -o yaml | sed 's/image: alpine/image: debian-13/' | kubectl apply -f -",
    prints: 'machine.example.test/rack-1 configured\nmachine.example.test/rack-2 configured',
    leaves: { 'machines/rack-2': { spec: { image: 'debian-13' } } },
  },
  {
    line: 'kubectl create -f db.yaml',
    exit: 1,
    complains:
      'Error from server (AlreadyExists): error when creating "db.yaml": machines.example.test "db" already exists',
  },
  {
    line: 'kubectl create -f db.yaml --dry-run=client -o name',
    prints: 'machine.example.test/db',
  },
  {
    line: "sed 's/name: db/name: copy/' db.yaml | kubectl create -f - --dry-run=server",
    prints: 'machine.example.test/copy created (server dry run)',
    leaves: { 'machines/copy': undefined },
  },
  {
    line: "sed 's/name: db/generateName: db-/' db.yaml | kubectl create -f -",
    prints: /^machine\.example\.test\/db-[a-z0-9]{5} created\n$/,
  },
  {
    line: "sed 's/cpus: 8/cpus: 9/' db.yaml | kubectl replace -f -",
    prints: 'machine.example.test/db replaced',
    leaves: { 'machines/db': { metadata: { generation: 2 }, spec: { cpus: 9, pool: 'blue' } } },
  },
  {
    line: "sed 's/cpus: 8/cpus: 10/' db.yaml | kubectl replace --force -f -",
    prints: 'machine.example.test "db" deleted\nmachine.example.test/db replaced',
    leaves: { 'machines/db': { metadata: { generation: 1 }, spec: { cpus: 10 } } },
  },
  {
    line: 'kubectl get ma db -o yaml | sed \'s/resourceVersion: .*/resourceVersion: "1"/\' | kubectl replace -f -',
    exit: 1,
    complains: [
      'Error from server (Conflict)',
      'the object has been modified; please apply your changes to the latest version',
    ],
  },
  {
    line: "sed 's/name: db/name: nope/' db.yaml | kubectl replace -f -",
    exit: 1,
    complains: 'Error from server (NotFound): error when replacing "STDIN": machines.example.test "nope" not found',
  },
  {
    line: "KUBE_EDITOR='sed -i s/cpus:.10/cpus:\\ 11/' kubectl edit ma db",
    prints: 'machine.example.test/db edited',
    leaves: { 'machines/db': { spec: { cpus: 11 } } },
  },
  { line: 'KUBE_EDITOR=true kubectl edit ma db', complains: 'Edit cancelled, no changes made.' },
  {
    line: "KUBE_EDITOR='sed -i s/cpus:.11/cpus:\\ 99/' kubectl edit ma db",
    exit: 1,
    complains: ['machines.example.test "db" is invalid'],
    leaves: { 'machines/db': { spec: { cpus: 11 } } },
  },
  {
    line: 'kubectl apply --server-side -f db.yaml',
    exit: 1,
    complains: ['server-side apply (application/apply-patch+yaml) is not supported by the standalone API'],
  },
]);
