// The end of objects with real kubectl: by name and by selector, held by finalizers and owners, with their namespace.
import { BEGINNING, tellStory } from './story.ts';

const APPLY_RACK = 'kubectl apply -f rack/many.yaml >/dev/null';
/** Makes rack-2 the child of rack-1. */
const ADOPT = `${APPLY_RACK}; uid=$(kubectl get ma rack-1 -o jsonpath={.metadata.uid}); kubectl patch ma rack-2 --type=merge -p '{"metadata":{"ownerReferences":[{"apiVersion":"example.test/v1","kind":"Machine","name":"rack-1","uid":"'$uid'","blockOwnerDeletion":true}]}}' >/dev/null`;
const HOLD = `--type=merge -p '{"metadata":{"finalizers":["example.test/hold"]}}'`;
const RELEASE = `--type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`;

tellStory('deleting with kubectl', [
  ...BEGINNING,
  {
    line: 'kubectl delete ma web --dry-run=server',
    prints: 'machine.example.test "web" deleted (server dry run)',
    leaves: { 'machines/web': {} },
  },
  {
    line: 'kubectl delete ma web',
    prints: 'machine.example.test "web" deleted',
    leaves: { 'machines/web': undefined },
  },
  {
    line: 'kubectl delete ma web',
    exit: 1,
    complains: 'Error from server (NotFound): machines.example.test "web" not found',
  },
  { line: 'kubectl delete ma web --ignore-not-found' },
  {
    line: 'kubectl delete ma -l app=db',
    prints: 'machine.example.test "db" deleted',
    leaves: { 'machines/db': undefined },
  },
  { line: 'kubectl delete ma -l app=db', prints: 'No resources found' },
  {
    line: `${APPLY_RACK}; kubectl delete ma --all`,
    prints: 'machine.example.test "rack-1" deleted\nmachine.example.test "rack-2" deleted',
    leaves: { 'machines/rack-1': undefined, 'machines/rack-2': undefined },
  },
  {
    line: `${APPLY_RACK}; kubectl delete -f rack/many.yaml --wait=false --grace-period=0`,
    prints: 'machine.example.test "rack-1" deleted\nmachine.example.test "rack-2" deleted',
  },
  {
    line: `${APPLY_RACK}; kubectl delete ma rack-1 --now; kubectl delete ma rack-2 --grace-period=0 --force`,
    prints: 'machine.example.test "rack-1" deleted\nmachine.example.test "rack-2" force deleted',
    complains: ['Warning: Immediate deletion does not wait for confirmation'],
  },
  {
    line: `${APPLY_RACK}; kubectl patch ma rack-1 ${HOLD} -o name; kubectl delete ma rack-1 --timeout=500ms`,
    exit: 1,
    prints: 'machine.example.test/rack-1\nmachine.example.test "rack-1" deleted',
    complains: ['error: timed out waiting for the condition on machines/rack-1'],
    leaves: { 'machines/rack-1': { metadata: { finalizers: ['example.test/hold'], deletionGracePeriodSeconds: 0 } } },
  },
  {
    line: `(kubectl wait --for=delete ma/rack-1 --timeout=20s & kubectl patch ma rack-1 ${RELEASE}; wait)`,
    prints: ['machine.example.test/rack-1 patched'],
    leaves: { 'machines/rack-1': undefined },
  },
  { line: 'kubectl wait --for=delete ma/rack-1 --timeout=5s' },
  {
    line: `${ADOPT}; kubectl delete ma rack-1 --cascade=orphan`,
    prints: 'machine.example.test "rack-1" deleted',
    leaves: { 'machines/rack-1': undefined, 'machines/rack-2': {} },
  },
  {
    line: `kubectl delete ma rack-2 >/dev/null; ${ADOPT}; kubectl patch ma rack-2 ${HOLD} -o name; kubectl delete ma rack-1 --cascade=foreground --wait=false`,
    prints: 'machine.example.test/rack-2\nmachine.example.test "rack-1" deleted',
    leaves: { 'machines/rack-1': { metadata: { finalizers: ['foregroundDeletion'] } } },
  },
  {
    line: `kubectl patch ma rack-2 ${RELEASE}; kubectl wait --for=delete ma/rack-1 ma/rack-2 --timeout=20s`,
    prints: ['machine.example.test/rack-2 patched'],
    leaves: { 'machines/rack-1': undefined, 'machines/rack-2': undefined },
  },
  {
    line: `${ADOPT}; kubectl delete ma rack-1 --cascade=background; kubectl wait --for=delete ma/rack-2 --timeout=20s`,
    prints: ['machine.example.test "rack-1" deleted'],
    leaves: { 'machines/rack-2': undefined },
  },
  {
    line: 'kubectl delete ns default',
    exit: 1,
    complains: 'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
  },
  {
    line: 'kubectl create cm note -n team',
    exit: 1,
    complains: 'error: failed to create configmap: namespaces "team" not found',
  },
  {
    line: 'kubectl apply -n team -f web.yaml',
    exit: 1,
    complains: 'Error from server (NotFound): error when creating "web.yaml": namespaces "team" not found',
  },
  {
    line: `kubectl create ns team && kubectl create cm note -n team && kubectl apply -n team -f web.yaml && kubectl patch -n team ma web ${HOLD}`,
    prints:
      'namespace/team created\nconfigmap/note created\nmachine.example.test/web created\nmachine.example.test/web patched',
  },
  { line: 'kubectl delete ns team --wait=false', prints: 'namespace "team" deleted' },
  { line: 'kubectl get ns team', prints: 'NAME   STATUS        AGE\nteam   Terminating   <age>' },
  {
    line: 'kubectl create cm late -n team',
    exit: 1,
    complains:
      'error: failed to create configmap: configmaps "late" is forbidden: unable to create new content in namespace team because it is being terminated',
  },
  {
    line: 'kubectl wait ns team --for=jsonpath=\'{.status.conditions[?(@.type=="NamespaceContentRemaining")].status}\'=True --timeout=10s && kubectl describe ns team',
    prints: [
      'Status:       Terminating\nConditions:\n',
      'Some resources are remaining: machines.example.test has 1 resource instances',
      'Some content in the namespace has finalizers remaining: example.test/hold in 1 resource instances',
    ],
    leaves: { 'team/configmaps/note': undefined },
  },
  {
    line: `kubectl patch -n team ma web ${RELEASE}; kubectl wait --for=delete ns/team --timeout=20s`,
    prints: 'machine.example.test/web patched',
    complains: /^$|not found/,
    leaves: { 'namespaces/team': undefined },
  },
  { line: 'kubectl create ns team', prints: 'namespace/team created' },
  {
    line: 'kubectl delete ns team --timeout=20s',
    prints: 'namespace "team" deleted',
    leaves: { 'namespaces/team': undefined },
  },
  {
    line: `${APPLY_RACK}; kubectl delete crd machines.example.test --timeout=20s`,
    prints: 'customresourcedefinition.apiextensions.k8s.io "machines.example.test" deleted',
    leaves: { 'machines/rack-1': undefined },
  },
  {
    line: 'kubectl get ma',
    exit: 1,
    complains: ['the server could not find the requested resource (get machines.example.test)'],
  },
]);
