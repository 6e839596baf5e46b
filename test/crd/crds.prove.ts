// A real API server is the judge of our CRDs: that which serves custom resources in every Kubernetes, here on an etcd of
// its own, asked by the real kubectl. Skipped where there is no Go or no kubectl.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderCrds } from '../../scripts/render-crds.ts';
import { type CrdServer, startCrdServer } from '../support/crd-server.ts';
import { buildGo } from '../support/go.ts';
import { seedSkipNote } from '../support/seed-manifests.ts';
import { until } from '../support/until.ts';
import {
  applyObjects,
  BATCHES,
  explainFields,
  type Kubectl,
  must,
  printClasses,
  REFUSED,
  refuseObject,
} from './cases.ts';

const source = join(import.meta.dirname, 'crd-server');
const MANY_MINUTES = 1_800_000;
/** It never hears of Services, as there is no core API. */
const READY = '/readyz?exclude=informer-sync';

function whyNot(): string | undefined {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'there is no kubectl on this machine';
  }
}

let missing = whyNot();
let binary = '';
let server: CrdServer;

beforeAll(() => {
  if (missing !== undefined) return;
  const built = buildGo(source, 'crd-server');
  if ('missing' in built) missing = built.missing;
  else binary = built.binary;
}, MANY_MINUTES);

beforeAll(async () => {
  if (missing !== undefined) return;
  server = await startCrdServer(binary);
  await until(
    async () => await server.kubectl(['get', '--raw', READY]),
    ({ stdout }) => stdout === 'ok',
  );
});

afterAll(async () => {
  if (missing === undefined) await server.stop();
});

const kubectl: Kubectl = async (args, stdin) => await server.kubectl(args, stdin);

const crds = Object.entries(renderCrds());

describe('a real API server', () => {
  it.for(crds)('takes crds/%s, and finds its schema structural', async ([file, text], { skip }) => {
    if (missing !== undefined) return skip(missing);
    const name = `${file.replace('.yaml', '')}.infra.virtrigaud.io`;
    await must(kubectl, ['create', '--validate=strict', '-f', '-'], text);
    await must(kubectl, ['wait', '--for=condition=Established', `crd/${name}`, '--timeout=60s']);
    const crd = JSON.parse(await must(kubectl, ['get', 'crd', name, '-o', 'json'])) as Crd;
    expect(crd.status.conditions.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'NamesAccepted=True',
      'Established=True',
    ]);
  });
});

interface Crd {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

describe(`an object of the documentation, or in upstream's shape${seedSkipNote}`, () => {
  it.for(BATCHES)('is taken as it is written, and means the same there: $title', async ({ objects }, { skip }) => {
    if (missing !== undefined) return skip(missing);
    await applyObjects(kubectl, objects);
  });
});

describe('an object that is wrong', () => {
  it.for(REFUSED)('is refused by the schema: %s', async ([text, says], { skip }) => {
    if (missing !== undefined) return skip(missing);
    await refuseObject(kubectl, text, says);
  });
});

describe('kubectl', () => {
  it('explains fields, those of unions too', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    await explainFields(kubectl);
  });

  it('prints the CPUs of a class under either name', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    await printClasses(kubectl);
  });
});
