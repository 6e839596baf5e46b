// What is around the objects: what the API says of itself, who may use it, and what it does not do, with real kubectl.
import { BEGINNING, tellStory } from './story.ts';

const NO_PODS = `error: the server doesn't have a resource type "pods"`;

tellStory('around the objects with kubectl', [
  ...BEGINNING,
  { line: 'kubectl version', prints: ['Server Version: v1.32'] },
  {
    line: 'kubectl api-resources --api-group=example.test --no-headers',
    prints: 'machines   ma    example.test/v1   true   Machine',
  },
  { line: 'kubectl api-resources --categories=all -o name', prints: 'machines.example.test' },
  {
    line: 'kubectl api-resources --namespaced=false --verbs=list,get -o name',
    prints: 'namespaces\ncustomresourcedefinitions.apiextensions.k8s.io',
  },
  {
    line: 'kubectl api-versions',
    prints: ['apiextensions.k8s.io/v1\n', 'coordination.k8s.io/v1\n', 'example.test/v1\n', '\nv1\n'],
  },
  {
    line: 'kubectl explain machine',
    prints: ['GROUP:      example.test\nKIND:       Machine\nVERSION:    v1\n', 'spec\t<Object> -required-'],
  },
  { line: 'kubectl explain ma.spec.disks.size', prints: ['FIELD: size <string>'] },
  {
    line: 'kubectl explain ma.spec --recursive',
    prints: ['disks\t<[]Object>\n    name\t<string> -required-\n', 'enum: red, blue'],
  },
  { line: 'kubectl explain secret.data', prints: ['FIELD: data <map[string]string>'] },
  { line: 'kubectl explain lease.spec', prints: ['holderIdentity\t<string>'] },
  { line: 'kubectl explain ma.spec.nope', exit: 1, complains: 'error: field "nope" does not exist' },
  { line: 'kubectl get --raw /healthz', prints: 'ok' },
  { line: "kubectl get --raw '/readyz?verbose'", prints: ['readyz check passed'] },
  {
    line: "kubectl get --raw '/apis/example.test/v1/namespaces/default/machines?limit=1'",
    prints: ['"kind":"MachineList"', '"remainingItemCount":1'],
  },
  {
    line: 'kubectl get --raw /nope',
    exit: 1,
    complains: 'Error from server (NotFound): the server could not find the requested resource',
  },
  {
    line: 'kubectl config view',
    prints: ['server: https://127.0.0.1:', 'token: REDACTED', 'current-context: virtrigaud'],
  },
  { line: 'kubectl config current-context', prints: 'virtrigaud' },
  {
    line: 'kubectl --token=wrong get ns',
    exit: 1,
    complains: 'error: You must be logged in to the server (Unauthorized)',
  },
  {
    line: 'cp "$KUBECONFIG" own && chmod 600 own && export KUBECONFIG=own && kubectl config set-context --current --namespace=kube-system && kubectl get cm',
    prints: 'Context "virtrigaud" modified.',
    complains: 'No resources found in kube-system namespace.',
  },
  { line: 'kubectl kustomize overlay', prints: ['name: prod-cache', 'env: prod'] },
  // What is not there is named, by kubectl or by the server.
  { line: 'kubectl auth whoami', exit: 1, complains: ['the selfsubjectreviews API is not enabled in the cluster'] },
  {
    line: 'kubectl auth can-i create secrets',
    exit: 1,
    complains: ['(post selfsubjectaccessreviews.authorization.k8s.io)'],
  },
  {
    line: 'kubectl get ns --as=bob',
    exit: 1,
    complains: ['users "bob" is forbidden: the standalone API has one user; impersonation is not supported'],
  },
  { line: 'kubectl cluster-info', exit: 1, complains: [`the server doesn't have a resource type "services"`] },
  { line: 'kubectl get pods', exit: 1, complains: NO_PODS },
  { line: 'kubectl logs web', exit: 1, complains: NO_PODS },
  { line: 'kubectl logs ma/web', exit: 1, complains: ['no kind "Machine" is registered'] },
  { line: 'kubectl exec web -- ls', exit: 1, complains: NO_PODS },
  { line: 'kubectl rollout status ma/web', exit: 1, complains: ['no kind "Machine" is registered'] },
  {
    line: 'kubectl rollout restart deployment/web',
    exit: 1,
    complains: `error: the server doesn't have a resource type "deployment"`,
  },
  { line: 'kubectl scale ma web --replicas=3', exit: 1, complains: ['not found'] },
  { line: 'kubectl create deployment web --image=x', exit: 1, complains: ['(post deployments.apps)'] },
  { line: 'kubectl create token default', exit: 1, complains: ['could not find the requested resource'] },
  { line: 'kubectl run web --image=x', exit: 1, complains: ['no matches for kind "Pod" in version "v1"'] },
  { line: 'kubectl top nodes', exit: 1, complains: 'error: Metrics API not available' },
]);
