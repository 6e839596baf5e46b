// Manifests with mistakes, given to real kubectl: each is refused in words that say what is wrong, and nothing is left.
import { BEGINNING, type Step, tellStory } from './story.ts';

function refused(manifest: string, complains: Step['complains']): Step {
  return { line: `kubectl create -f - <<'.'\n${manifest}\n.`, exit: 1, prints: '', complains: complains ?? '' };
}

function machine(spec: string): string {
  return `apiVersion: example.test/v1\nkind: Machine\nmetadata: { name: bad }\nspec: ${spec}`;
}

const BAD = 'The Machine "bad" is invalid: ';

tellStory('bad manifests', [
  ...BEGINNING,
  refused(
    machine('{ image: x, colour: red }'),
    'Error from server (BadRequest): error when creating "STDIN": Machine in version "v1" cannot be handled as a Machine: strict decoding error: unknown field "spec.colour"',
  ),
  refused(machine('{ image: x, cpus: two }'), [
    `${BAD}spec.cpus: Invalid value: "string": spec.cpus in body must be of type integer: "string"`,
  ]),
  refused(
    machine('{ image: x, cpus: 99 }'),
    `${BAD}spec.cpus: Invalid value: 99: spec.cpus in body should be less than or equal to 64`,
  ),
  refused(machine('{ image: x, pool: green }'), [
    `spec.pool: Unsupported value: "green": supported values: "red", "blue"`,
  ]),
  refused(machine('{ image: x, powerState: On }'), ['spec.powerState in body must be of type string: "boolean"']),
  refused(machine('{ cpus: 2 }'), [`${BAD}spec.image: Required value`]),
  refused(machine('{ image: "" }'), [
    `${BAD}spec.image: Invalid value: "": spec.image in body should be at least 1 chars long`,
  ]),
  refused(machine('{ image: x, tags: [a, a] }'), `${BAD}spec.tags[1]: Duplicate value: "a"`),
  refused(
    machine('{ image: x, disks: [{ name: a }, { name: a }] }'),
    `${BAD}spec.disks[1]: Duplicate value: map[string]interface {}{"name":"a"}`,
  ),
  refused(machine('{ image: x, disks: [{ size: 1Gi }] }'), [`${BAD}spec.disks[0].name: Required value`]),
  refused(machine('{ image: x').replaceAll('\n', '\n '), ['error: error parsing STDIN: error converting YAML to JSON']),
  refused('kind: Machine\nmetadata: { name: bad }', ['apiVersion not set']),
  refused('apiVersion: example.test/v1\nmetadata: { name: bad }', ['kind not set']),
  refused('apiVersion: example.test/v2\nkind: Machine\nmetadata: { name: bad }', [
    'no matches for kind "Machine" in version "example.test/v2"',
    'ensure CRDs are installed first',
  ]),
  refused('apiVersion: example.test/v1\nkind: Machine\nspec: { image: x }', [
    'metadata.name: Required value: name or generateName is required',
  ]),
  refused(machine('{ image: x }').replace('name: bad', 'name: Bad_Name'), [
    'The Machine "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain',
  ]),
  refused(machine('{ image: x }').replace('name: bad', 'name: bad, labels: { a: "b c" }'), [
    'metadata.labels: Invalid value: "b c"',
  ]),
  refused(machine('{ image: x }').replace('name: bad', 'name: bad, labels: { a: 1 }'), [
    'cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  ]),
  refused('apiVersion: v1\nkind: Secret\nmetadata: { name: bad }\ndata: { a: "not base64!" }', [
    'illegal base64 data at input byte',
  ]),
  refused('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad }\ndata: { a: 1 }', [
    'cannot unmarshal number into Go struct field ConfigMap.data of type string',
  ]),
  refused('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad }\ndata: { "a/b": x }', [
    'The ConfigMap "bad" is invalid: data[a/b]: Invalid value: "a/b": a valid config key must consist of',
  ]),
  refused('apiVersion: v1\nkind: Namespace\nmetadata: { name: bad.name }', [
    'The Namespace "bad.name" is invalid: metadata.name: Invalid value: "bad.name": a lowercase RFC 1123 label',
  ]),
  { line: 'kubectl apply -f nowhere.yaml', exit: 1, complains: 'error: the path "nowhere.yaml" does not exist' },
  {
    line: `kubectl create -f - --validate=warn <<'.'\n${machine('{ image: x, colour: red }')}\n.`,
    prints: 'machine.example.test/bad created',
    complains: 'Warning: unknown field "spec.colour"',
    leaves: { 'machines/bad': { spec: { image: 'x', cpus: 1, pool: 'red' } } },
  },
  {
    line: 'kubectl get ma -o name',
    prints: 'machine.example.test/bad\nmachine.example.test/db\nmachine.example.test/web',
  },
]);
