// Requests that no client in its right mind sends: each gets what a real server answers, and the next one is served as ever.
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './api-client.ts';
import { DEFINITIONS_PATH, THINGS, thing, thingsPath } from './definitions.ts';

type Row = readonly [
  what: string,
  method: string,
  path: string,
  body: unknown,
  status: number,
  says: string,
  headers?: Record<string, string>,
];

const PATH = thingsPath();
const ONE = `${PATH}/one`;
const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
const YAML = { 'content-type': 'application/yaml' };
const BOMB = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index]}`).join(',')}]`),
].join('\n');

const SECRETS = '/api/v1/namespaces/default/secrets';

const REQUESTS: readonly Row[] = [
  [
    'a patch that makes it another kind',
    'PATCH',
    ONE,
    { kind: 'Other' },
    422,
    'kind: Invalid value: "Other": must be Thing',
  ],
  [
    'a patch that makes it another version',
    'PATCH',
    ONE,
    { apiVersion: 'example.test/v2' },
    422,
    'must be example.test/v1',
  ],
  [
    'a definition that is not structural',
    'POST',
    DEFINITIONS_PATH,
    JSON.parse(
      JSON.stringify(THINGS).replaceAll('hing', 'oad').replace('"type":"string"', '"title":"string"'),
    ) as unknown,
    422,
    'spec.validation.openAPIV3Schema.properties[spec].properties[note].type: Required value: must not be empty for specified object fields',
  ],
  ['somebody else', 'GET', SECRETS, undefined, 403, 'users "bob" is forbidden', { 'impersonate-user': 'bob' }],
  [
    'a ConfigMap of more than is kept',
    'POST',
    '/api/v1/namespaces/default/configmaps',
    { metadata: { name: 'big' }, data: { a: 'a'.repeat(1024 * 1024 + 1) } },
    422,
    'ConfigMap "big" is invalid: []: Too long: may not be more than 1048576 bytes',
  ],
  [
    'a Secret of numbers',
    'POST',
    SECRETS,
    { metadata: { name: 's' }, data: { a: 5 } },
    400,
    'Secret.data of type []uint8',
  ],
  [
    'a Secret that is no base64',
    'POST',
    SECRETS,
    { metadata: { name: 's' }, data: { a: '!' } },
    400,
    'illegal base64 data at input byte 0',
  ],
  [
    'a Secret with a key that is none',
    'POST',
    SECRETS,
    { metadata: { name: 's' }, stringData: { 'a b': '' } },
    422,
    'a valid config key',
  ],
  [
    'a definition of nothing',
    'POST',
    DEFINITIONS_PATH,
    { metadata: { name: 'x.y' }, spec: {} },
    422,
    'spec.group: Required value',
  ],
  [
    'a definition with two kinds of type',
    'POST',
    DEFINITIONS_PATH,
    { ...THINGS, spec: 'all' },
    400,
    'cannot unmarshal string',
  ],
  ['a body that is no JSON', 'POST', PATH, '{"a":', 400, 'unexpected end of JSON input'],
  ['a body with something behind it', 'POST', PATH, '{} {}', 400, 'after top-level value'],
  ['an empty body', 'POST', PATH, '', 400, 'unexpected end of JSON input'],
  ['a list', 'POST', PATH, [1], 400, 'cannot unmarshal array'],
  ['null', 'POST', PATH, 'null', 400, "Object 'Kind' is missing"],
  [
    'a number beyond all numbers',
    'POST',
    PATH,
    '{"kind":"Thing","apiVersion":"example.test/v1","x":1e999}',
    400,
    'cannot unmarshal number',
  ],
  ['JSON as deep as a well', 'POST', PATH, DEEP, 400, 'exceeded max depth'],
  ['no kind', 'POST', PATH, { apiVersion: 'example.test/v1' }, 400, "Object 'Kind' is missing"],
  ['a kind that is a number', 'POST', PATH, { apiVersion: 'example.test/v1', kind: 5 }, 400, 'cannot unmarshal number'],
  ['the wrong kind', 'POST', PATH, { ...thing('x'), kind: 'Other' }, 422, 'must be Thing'],
  [
    'the wrong version',
    'POST',
    PATH,
    { ...thing('x'), apiVersion: 'example.test/v2' },
    400,
    'does not match the expected API version',
  ],
  ['metadata that is text', 'POST', PATH, { ...thing('x'), metadata: 'x' }, 400, 'of type v1.ObjectMeta'],
  [
    'a name that is a number',
    'POST',
    PATH,
    { ...thing('x'), metadata: { name: 5 } },
    400,
    'ObjectMeta.name of type string',
  ],
  [
    'labels that are a list',
    'POST',
    PATH,
    thing('x', {}, { labels: [] }),
    400,
    'ObjectMeta.labels of type map[string]string',
  ],
  ['a time that is none', 'POST', PATH, thing('x', {}, { creationTimestamp: 'soon' }), 400, 'parsing time "soon"'],
  ['no name', 'POST', PATH, { ...thing('x'), metadata: {} }, 422, 'name or generateName is required'],
  ['a name that is a path', 'POST', PATH, thing('../x'), 422, 'RFC 1123 subdomain'],
  [
    'another namespace',
    'POST',
    PATH,
    thing('x', {}, { namespace: 'kube-system' }),
    400,
    'does not match the namespace',
  ],
  [
    'a prototype for a name',
    'POST',
    PATH,
    '{"apiVersion":"example.test/v1","kind":"Thing","metadata":{"name":"x"},"__proto__":{"a":1}}',
    201,
    '',
    { 'x-none': '' },
  ],
  ['a body that multiplies', 'POST', PATH, BOMB, 400, '', YAML],
  ['YAML that is none', 'POST', PATH, 'a: [', 400, '', YAML],
  ['XML', 'POST', PATH, '<a/>', 415, 'unknown format', { 'content-type': 'application/xml' }],
  ['protobuf', 'POST', PATH, 'k8s\0', 415, 'unknown format', { 'content-type': 'application/vnd.kubernetes.protobuf' }],
  ['a body larger than is taken', 'POST', PATH, 'x'.repeat(3_200_000), 413, 'limit is 3145728'],
  [
    'an object larger than is kept',
    'POST',
    PATH,
    thing('large', { spec: { note: 'x'.repeat(1_700_000) } }),
    500,
    'request is too large',
  ],
  ['a PUT of a collection', 'PUT', PATH, thing('x'), 400, 'name must be provided'],
  ['a PATCH of a collection', 'PATCH', PATH, {}, 400, 'name must be provided'],
  ['a PUT of somebody else', 'PUT', ONE, thing('other'), 400, 'does not match the name on the URL'],
  ['a PUT of nothing', 'PUT', `${PATH}/none`, thing('none'), 404, 'not found'],
  ['a patch that is no patch', 'PATCH', ONE, 'x', 400, 'error decoding patch'],
  [
    'a patch of a kind that is not known',
    'PATCH',
    ONE,
    {},
    415,
    'accepted media types',
    { 'content-type': 'text/plain' },
  ],
  [
    'a server-side apply',
    'PATCH',
    `${ONE}?fieldManager=x`,
    thing('one'),
    415,
    'server-side apply',
    { 'content-type': 'application/apply-patch+yaml' },
  ],
  [
    'a strategic patch of a custom kind',
    'PATCH',
    ONE,
    {},
    415,
    'accepted media types',
    { 'content-type': 'application/strategic-merge-patch+json' },
  ],
  [
    'a patch that makes it somebody else',
    'PATCH',
    ONE,
    { metadata: { name: 'other' } },
    400,
    'does not match the name on the URL',
  ],
  [
    'a patch of its uid',
    'PATCH',
    ONE,
    { metadata: { uid: 'other' } },
    422,
    'metadata.uid: Invalid value: "other": field is immutable',
  ],
  ['a PUT of another uid', 'PUT', ONE, thing('one', {}, { uid: 'other' }), 409, 'Precondition failed: UID'],
  [
    'a patch of its end',
    'PATCH',
    ONE,
    { metadata: { deletionTimestamp: '2001-01-01T00:00:00Z' } },
    422,
    'Invalid value: 2001-01-01 00:00:00 +0000 UTC: field is immutable',
  ],
  ['a patch of nothing but null', 'PATCH', ONE, 'null', 400, 'Invalid JSON Patch'],
  [
    'a patch without a name',
    'PATCH',
    ONE,
    { metadata: null },
    400,
    'the name of the object (one based on URL) was undeterminable: name must be provided',
  ],
  [
    'a patch of a field that is not there',
    'PATCH',
    `${ONE}?fieldValidation=Strict`,
    { nope: 1 },
    422,
    ': strict decoding error: unknown field "nope"',
  ],
  [
    'a patch of labels that are a list',
    'PATCH',
    ONE,
    { metadata: { labels: [1] } },
    422,
    ' "" is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"example.test/v1\\"',
  ],
  ['a patch that takes away the kind', 'PATCH', ONE, { kind: null }, 422, "Object 'Kind' is missing in '{"],
  [
    'a strategic patch of a field that is not there',
    'PATCH',
    '/api/v1/namespaces/default?fieldValidation=Strict',
    { spec: { nope: 1 } },
    422,
    'patch: Invalid value: "map[spec:map[nope:1]]": strict decoding error: unknown field "spec.nope"',
    { 'content-type': 'application/strategic-merge-patch+json' },
  ],
  [
    'a version that is none',
    'PATCH',
    ONE,
    { metadata: { resourceVersion: 'abc' } },
    500,
    'strconv.ParseUint: parsing "abc": invalid syntax',
  ],
  [
    'an owner without a uid',
    'PATCH',
    ONE,
    { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x' }] } },
    422,
    'metadata.ownerReferences.uid: Invalid value: "": uid must not be empty',
  ],
  [
    'an event for an owner',
    'POST',
    PATH,
    thing('x', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'x', uid: 'y' }] }),
    422,
    'UID:"y", Controller:(*bool)(nil), BlockOwnerDeletion:(*bool)(nil)}: /v1, Kind=Event is disallowed from being an owner',
  ],
  [
    'two ways to go',
    'POST',
    PATH,
    thing('x', {}, { finalizers: ['orphan', 'foregroundDeletion'] }),
    422,
    '[]string{"orphan", "foregroundDeletion"}: finalizer orphan and',
  ],
  ['a stale patch', 'PATCH', ONE, { metadata: { resourceVersion: '1' } }, 409, 'has been modified'],
  ['a DELETE of a status', 'DELETE', `${ONE}/status`, undefined, 405, 'delete is not supported'],
  ['options of a delete that are none', 'DELETE', ONE, '{"kind":', 500, 'json parse error'],
  [
    'options of a delete of another kind',
    'DELETE',
    ONE,
    { kind: 'Nope', apiVersion: 'v1' },
    500,
    'no kind "Nope" is registered for version "v1"',
  ],
  [
    'a dry run that is no list',
    'DELETE',
    ONE,
    { dryRun: 'All' },
    500,
    'cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string',
  ],
  ['options of a delete in plain text', 'DELETE', ONE, '{}', 415, 'unknown format', { 'content-type': 'text/plain' }],
  [
    'a grace period that is none',
    'DELETE',
    `${ONE}?gracePeriodSeconds=x`,
    undefined,
    400,
    'strconv.ParseInt: parsing "x"',
  ],
  [
    'a propagation nobody knows',
    'DELETE',
    ONE,
    { propagationPolicy: 'Sideways' },
    422,
    'Unsupported value: "Sideways"',
  ],
  ['a subresource that is not there', 'GET', `${ONE}/nope`, undefined, 404, 'not found'],
  [
    'a resource that is not there',
    'GET',
    '/apis/example.test/v1/namespaces/default/nothings',
    undefined,
    404,
    '404 page not found',
  ],
  ['a group that is not there', 'GET', '/apis/nowhere.test/v1', undefined, 404, '404 page not found'],
  ['a way out of the path', 'GET', `${PATH}/..%2f..%2fsecrets`, undefined, 404, '404 page not found'],
  ['a name of dots', 'GET', `${PATH}/%2e%2e`, undefined, 400, "may not be '..'"],
  ['a path that is not encoded as one', 'GET', `${PATH}/%zz`, undefined, 400, 'not encoded'],
  ['slashes in a row', 'GET', '//apis//example.test', undefined, 404, 'paths'],
  ['all namespaces to write to', 'POST', '/apis/example.test/v1/things', thing('x'), 404, '404 page not found'],
  ['a selector that is none', 'GET', `${PATH}?labelSelector=a%20in%20b`, undefined, 400, 'unable to parse requirement'],
  [
    'a field nobody selects by',
    'GET',
    `${PATH}?fieldSelector=spec.note%3Dx`,
    undefined,
    400,
    'field label not supported',
  ],
  ['a revision that is none', 'GET', `${PATH}?resourceVersion=abc`, undefined, 500, 'invalid syntax'],
  ['a token that is none', 'GET', `${PATH}?continue=bogus`, undefined, 400, 'invalid continue token'],
  ['a limit that is none', 'GET', `${PATH}?limit=many`, undefined, 400, 'invalid syntax'],
  ['a format nobody speaks', 'GET', ONE, undefined, 406, 'media types are accepted', { accept: 'text/html' }],
  ['a dry run of another kind', 'POST', `${PATH}?dryRun=Some`, thing('x'), 422, 'supported values: "All"'],
  [
    'a manager with too long a name',
    'POST',
    `${PATH}?fieldManager=${'x'.repeat(130)}`,
    thing('x'),
    422,
    'may not be more than 128',
  ],
  ['a method nobody knows', 'PROPFIND', PATH, undefined, 405, 'is not supported'],
];

describe('a hostile request', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
    await api.call('POST', DEFINITIONS_PATH, THINGS);
    await api.call('POST', PATH, thing('one'));
  });
  afterAll(async () => await api.close());

  for (const [what, method, path, body, status, says, headers = {}] of REQUESTS)
    test(`with ${what} is answered as a real server does`, async () => {
      const answer = await api.call(method, path, body, headers);
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([
        status,
        expect.stringContaining(JSON.stringify(says).slice(1, -1)),
      ]);
      if (status !== 201 && typeof answer.body === 'object' && answer.body.kind === 'Status')
        expect(answer.body.code).toBe(status);
      expect((await api.call('GET', ONE)).status).toBe(200);
    });

  test.each([
    ['no credentials', ''],
    ['a wrong token', 'Bearer wrong'],
    ['a token cut short', 'short'],
    ['a password', 'Basic cm9vdDpyb290'],
    ['an empty token', 'Bearer '],
  ])('with %s sees nothing', async (what, given) => {
    const authorization = given === 'short' ? `Bearer ${api.sim.token.slice(0, -1)}` : given;
    for (const path of [ONE, '/api', '/version', '/healthz', '/openapi/v2', '/nowhere']) {
      const { status, body } = await api.call('GET', path, undefined, { authorization });
      expect([what, path, status, body.reason]).toEqual([what, path, 401, 'Unauthorized']);
    }
  });

  test.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['headers without an end', `GET / HTTP/1.1\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('that is %s ends its connection alone', async (_, bytes) => {
    const { port } = new URL(api.sim.url);
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca: api.sim.ca });
    const answer: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answer.push(chunk));
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(bytes);
    await closed;
    expect(Buffer.concat(answer).toString()).toMatch(/^HTTP\/1\.1 4\d\d |^$/);
    expect((await api.call('GET', ONE)).status).toBe(200);
  });
});
