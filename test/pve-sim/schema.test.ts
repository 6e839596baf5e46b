// Every endpoint that is played has the parameters that PVE 9.2 has, no more and no less, and goes PVE's ways.
import { describe, expect, test } from 'vitest';
import { PROFILE_NAMES, profileOf } from '#pve-sim/profiles/profiles';
import { allowOf, type Endpoint, isOfNode, isProtected, paramsOf } from '#pve-sim/routes/endpoint';
import { ENDPOINTS } from '#pve-sim/routes/endpoints';
import { mapValues, ofPve, ofRule, ofSchema } from './comparable.ts';
import { isMissing, type PveEndpoint, pveEndpoints } from './schema-file.ts';

const profile = profileOf('9.2');
/** The root itself is not in the file. */
const rows = ENDPOINTS.filter(({ path }) => path !== '/')
  .filter(({ feature }) => feature === undefined || profile.has(feature))
  .map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const);
const pveOf = ({ method, path }: Endpoint): PveEndpoint => {
  const found = pveEndpoints.get(`${method} ${path}`);
  if (found === undefined) throw new Error(`PVE has no ${method} ${path}`);
  return found;
};

describe.skipIf(isMissing)("every endpoint is described as in PVE's own schema", () => {
  test.each(rows)('%s: parameters', (_, endpoint) => {
    const pve = pveOf(endpoint).parameters.properties ?? {};
    expect(ofSchema(paramsOf(endpoint, profile), pve)).toEqual(mapValues(pve, ofPve));
  });

  test.each(rows)('%s: which daemon and which node works on it', (_, endpoint) => {
    const { protected: isRoots = 0, proxyto } = pveOf(endpoint);
    const isForwarded = isOfNode(endpoint) && endpoint.stays !== true;
    expect({ isProtected: isProtected(endpoint), isForwarded }).toEqual({
      isProtected: isRoots === 1,
      isForwarded: proxyto === 'node',
    });
  });

  test.each(rows)('%s: permission', (_, endpoint) => {
    const { check, user } = pveOf(endpoint).permissions ?? {};
    const rule = allowOf(endpoint, profile);
    expect(ofRule(rule)).toEqual(user === undefined ? check : undefined);
    expect(rule.kind === 'world').toBe(user === 'world');
  });

  test.each(rows)('%s: whether it takes API tokens', (_, endpoint) => {
    expect(endpoint.ticketOnly !== true).toBe(pveOf(endpoint).allowtoken === 1);
  });
});

test.each(PROFILE_NAMES)('%s: what is in the path of an endpoint is among its parameters', (name) => {
  const version = profileOf(name);
  const missing = ENDPOINTS.filter(({ feature }) => feature === undefined || version.has(feature)).flatMap(
    (endpoint) => {
      const known = paramsOf(endpoint, version);
      const inPath = [...endpoint.path.matchAll(/\{([^}]+)\}/g)].map(([, parameter = '']) => parameter);
      return inPath
        .filter((parameter) => known[parameter] === undefined)
        .map((parameter) => [endpoint.path, parameter]);
    },
  );
  expect(missing).toEqual([]);
});
