import { describe, expect, test } from 'vitest';
import { PVE_URIS } from '#pve-sim/profiles/uris';
import { profileOf } from '#pve-sim/profiles/profiles';
import { paramsOf } from '#pve-sim/routes/endpoint';
import { ENDPOINTS } from '#pve-sim/routes/endpoints';
import { createKnownUris } from '#pve-sim/server/known-uris';
import { mergeParams } from '#pve-sim/server/request-params';
import { createRouter, splitPath } from '#pve-sim/server/router';
import { normalised, problems } from '#pve-sim/schema/verify';
import { isMissing, skipNote, type ValidationVector, vectors } from './golden-vectors.ts';

const router = createRouter(ENDPOINTS);
const knownUris = createKnownUris(PVE_URIS);

const endpointOf = (row: ValidationVector) => router(row.method, splitPath(row.path));
const isUnknown = (row: ValidationVector): boolean => row.expect.status === 501;
const played = vectors.validation.filter((row) => endpointOf(row) !== undefined);

const title = (row: ValidationVector): string =>
  `${row.method} ${row.path} ${JSON.stringify(row.params).slice(0, 70)} gives ${row.expect.status}`;

describe.skipIf(isMissing)(`parameters are judged as PVE's own validator does${skipNote}`, () => {
  test('all recorded cases concern endpoints that are played, or none at all', () => {
    expect(vectors.validation.filter((row) => endpointOf(row) === undefined && !isUnknown(row)).map(title)).toEqual([]);
  });

  test.each(played.map((row) => [title(row), row] as const))('%s', (_, row) => {
    const match = endpointOf(row);
    if (match === undefined) throw new Error('filtered above');
    const params = mergeParams(match.pathParams, row.params, {});
    const schema = paramsOf(match.endpoint, profileOf('9.2'));
    expect(problems(params, schema, profileOf('9.2'))).toEqual(row.expect.errors ?? {});
    if (row.expect.params === undefined) return;
    expect(normalised(params, schema)).toEqual(row.expect.params);
  });

  test.each(vectors.validation.filter(isUnknown).map((row) => [title(row), row] as const))('%s', (_, row) => {
    expect(knownUris.refusal(row.method, splitPath(row.path))).toBe(row.expect.message);
  });
});

test('an URI that PVE has and the simulator does not play is refused by name', () => {
  const refusal = knownUris.refusal('GET', splitPath('/nodes/pve1/lxc/101/config'));
  expect(refusal).toBe('pve-sim does not play GET /nodes/pve1/lxc/101/config');
});

test('every endpoint that is played exists in PVE', () => {
  const strangers = ENDPOINTS.filter(
    ({ method, path }) => !knownUris.refusal(method, splitPath(path)).includes('does not play'),
  );
  expect(strangers.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
});
