// Looking at objects with real kubectl, in all the ways it has.
import { BEGINNING, tellStory } from './story.ts';

const HEAD = 'NAME   POOL   CPUS   PHASE   AGE\n';
const WEB = 'web    red    2              <age>\n';
const DB = 'db     blue   8              <age>\n';

tellStory('reading with kubectl', [
  ...BEGINNING,
  { line: 'kubectl get machines', prints: HEAD + DB + WEB },
  { line: 'kubectl get ma/web machine/db', prints: HEAD + WEB + DB },
  { line: 'kubectl get machines.v1.example.test web', prints: HEAD + WEB },
  { line: 'kubectl get -f web.yaml', prints: HEAD + WEB },
  { line: 'kubectl get all', prints: HEAD + DB + WEB },
  { line: 'kubectl get ma --no-headers', prints: 'db    blue   8           <age>\nweb   red    2           <age>' },
  {
    line: 'kubectl get ma -o wide',
    prints: `NAME   POOL   CPUS   PHASE   IMAGE       AGE
db     blue   8              debian-13   <age>
web    red    2              debian-13   <age>`,
  },
  {
    line: 'kubectl get ma -A',
    prints: `NAMESPACE   NAME   POOL   CPUS   PHASE   AGE
default     db     blue   8              <age>
default     web    red    2              <age>`,
  },
  { line: 'kubectl get ma -o name', prints: 'machine.example.test/db\nmachine.example.test/web' },
  {
    line: 'kubectl get ma web -o yaml',
    prints:
      /^apiVersion: example\.test\/v1\nkind: Machine\n[^]*spec:\n {2}cpus: 2\n {2}disks:\n {2}- name: root\n {4}size: 20Gi\n {2}- name: logs\n {4}size: 10Gi\n {2}image: debian-13\n {2}pool: red\n$/,
  },
  { line: 'kubectl get ma web -o yaml --show-managed-fields', prints: ['manager: kubectl-client-side-apply'] },
  { line: 'kubectl get ma -o json | node -p "JSON.parse(fs.readFileSync(0)).items.length"', prints: '2' },
  {
    line: `kubectl get ma -o jsonpath='{range .items[*]}{.metadata.name}={.spec.cpus}{"\\n"}{end}'`,
    prints: 'db=8\nweb=2',
  },
  { line: `kubectl get ma web -o go-template='{{.spec.image}}'`, prints: 'debian-13' },
  {
    line: 'kubectl get ma -o custom-columns=NAME:.metadata.name,DISK:.spec.disks[0].name',
    prints: 'NAME   DISK\ndb     <none>\nweb    root',
  },
  { line: 'kubectl get ma -l app=web', prints: HEAD + WEB },
  { line: "kubectl get ma -l 'app in (db, cache), tier notin (front), !gone'", prints: HEAD + DB },
  { line: 'kubectl get ma --field-selector metadata.name=web', prints: HEAD + WEB },
  { line: 'kubectl get ma --field-selector spec.pool!=red', prints: HEAD + DB },
  {
    line: 'kubectl get ma --field-selector spec.image=x',
    exit: 1,
    complains: ['field label not supported: spec.image'],
  },
  { line: 'kubectl get ma --sort-by=.spec.cpus', prints: HEAD + WEB + DB },
  { line: 'kubectl get ma --show-labels', prints: ['AGE   LABELS', 'app=db,tier=back', 'app=web,tier=front'] },
  { line: 'kubectl get ma -L tier', prints: ['TIER', 'back', 'front'] },
  { line: 'kubectl get ma --chunk-size=1', prints: HEAD + DB + WEB },
  { line: 'kubectl get ma web --subresource=status', prints: HEAD + WEB },
  {
    line: 'kubectl get ma nope',
    exit: 1,
    complains: 'Error from server (NotFound): machines.example.test "nope" not found',
  },
  { line: 'kubectl get ma nope --ignore-not-found', prints: '' },
  { line: 'kubectl get ma -n elsewhere', complains: 'No resources found in elsewhere namespace.' },
  { line: 'kubectl get ma,ns', prints: ['machine.example.test/web', 'namespace/kube-system       Active   <age>'] },
  { line: 'kubectl get nonsense', exit: 1, complains: `error: the server doesn't have a resource type "nonsense"` },
  {
    // Each thing it tells is answered with a change, until the change is what it tells; then nobody listens any more.
    line: `kubectl get ma web -w -o jsonpath='{.spec.cpus}{"\\n"}' | {
      while read -r cpus && [ "$cpus" != 4 ]; do kubectl patch ma web --type=merge -p '{"spec":{"cpus":4}}'; done
      exec <&-; kubectl annotate ma web seen="$cpus"; }`,
    prints: 'machine.example.test/web patched\nmachine.example.test/web annotated',
    complains: /^$|broken pipe/,
    leaves: { 'machines/web': { metadata: { annotations: { seen: '4' } } } },
  },
  {
    line: `kubectl create -f - <<.
{"apiVersion":"v1","kind":"Event","metadata":{"name":"web.1"},"type":"Warning","reason":"Late","message":"took long","count":2,
"involvedObject":{"apiVersion":"example.test/v1","kind":"Machine","name":"web","namespace":"default","uid":"$(kubectl get ma web -o jsonpath={.metadata.uid})"},
"source":{"component":"tester"},"firstTimestamp":"2026-01-01T00:00:00Z","lastTimestamp":"2026-01-01T00:00:00Z"}
.`,
    prints: 'event/web.1 created',
  },
  {
    line: 'kubectl describe ma web',
    prints: [
      'Name:         web\nNamespace:    default\nLabels:       app=web\n              tier=front\n',
      'Spec:\n  Cpus:  4\n  Disks:\n    Name:  root\n    Size:  20Gi\n',
      'Events:\n  Type     Reason  Age',
      'tester  took long',
    ],
  },
  {
    line: 'kubectl get events',
    prints: /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Warning +Late +machine\/web +took long/,
  },
  { line: 'kubectl events --for Machine/web --types=Warning', prints: ['Late', 'Machine/web'] },
  { line: 'kubectl events --for Machine/db', complains: 'No events found in default namespace.' },
  { line: 'kubectl events --types=Normal', complains: 'No events found in default namespace.' },
  { line: 'kubectl get events --field-selector involvedObject.name=web,type=Warning -o name', prints: 'event/web.1' },
  { line: 'kubectl get events.events.k8s.io web.1 -o jsonpath={.note}', prints: 'took long' },
  { line: 'kubectl describe ns default', prints: ['Name:         default', 'Status:       Active'] },
  { line: 'kubectl describe crd machines.example.test', prints: ['Kind:       Machine', 'Stored Versions:\n    v1'] },
]);
