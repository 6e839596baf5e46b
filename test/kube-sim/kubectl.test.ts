// The short form of what `npm run prove -- kubectl-` tells at length: real kubectl reads what the API says of itself, and works.
import { BEGINNING, tellStory } from './story.ts';

const ROBOT =
  '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"robot"},"secrets":[{"name":"x"},{"name":"y"}]}';

tellStory('kubectl in short', [
  ...BEGINNING,
  {
    line: 'kubectl api-resources --no-headers -o name | sort',
    prints: `configmaps
customresourcedefinitions.apiextensions.k8s.io
events
events.events.k8s.io
leases.coordination.k8s.io
machines.example.test
namespaces
secrets
serviceaccounts`,
  },
  {
    line: 'kubectl explain crd.spec.versions.schema.openAPIV3Schema',
    prints: ['FIELD: openAPIV3Schema <JSONSchemaProps>'],
  },
  { line: 'kubectl explain ma.spec.disks', prints: ['FIELD: disks <[]Object>', 'name\t<string> -required-'] },
  {
    // A document that kubectl has is not sent again.
    line: 'kubectl explain ma.spec.cpus',
    prints: ['FIELD: cpus <integer>'],
    asks: ['GET /openapi/v3 304'],
  },
  {
    // Version 2 comes in protobuf.
    line: 'kubectl explain ma.spec --recursive --output=plaintext-openapiv2',
    prints: ['disks\t<[]Object>\n      name\t<string>\n      size\t<string>\n'],
  },
  {
    // In protobuf as well.
    line: 'kubectl create secret generic login --from-literal=user=admin',
    prints: 'secret/login created',
    leaves: { 'secrets/login': { data: { user: 'YWRtaW4=' } } },
  },
  {
    // Lists of Kubernetes' own kinds are merged, item by item.
    line: `echo '${ROBOT}' >robot.json; kubectl apply -f robot.json; sed 's/"y"/"z"/' robot.json | kubectl apply -f -`,
    prints: 'serviceaccount/robot created\nserviceaccount/robot configured',
    leaves: { 'serviceaccounts/robot': { secrets: [{ name: 'x' }, { name: 'z' }] } },
  },
  {
    line: "sed 's/name: db/name: bad/; s/pool:/poll:/' db.yaml | kubectl create -f -",
    exit: 1,
    complains: ['strict decoding error: unknown field "spec.poll"'],
    leaves: { 'machines/bad': undefined },
  },
  {
    line: "sed 's/cpus: 8/cpus: 9/' db.yaml | kubectl apply -f -",
    prints: 'machine.example.test/db configured',
    leaves: { 'machines/db': { spec: { cpus: 9 } } },
  },
  { line: 'kubectl get ma -l app=db', prints: 'NAME   POOL   CPUS   PHASE   AGE\ndb     blue   9              <age>' },
  { line: 'kubectl delete ma --all', prints: ['"db" deleted', '"web" deleted'], leaves: { 'machines/db': undefined } },
]);
