// Our CRDs and the manifests of the documentation on the API for one machine, by real kubectl.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import { OWN_KINDS } from '#kube-sim/kinds/own-kinds';
import { type KubeSim, startKubeSim } from '#kube-sim/server';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { kubectlProgram, runKubectl } from '../support/kubectl.ts';
import { seedSkipNote } from '../support/seed-manifests.ts';
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

const note = kubectlProgram !== undefined ? '' : ' (skipped: there is no kubectl here)';

describe.skipIf(kubectlProgram === undefined)(`the API for one machine${note}`, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'standalone-'));
  let sim: KubeSim;
  const kubectl: Kubectl = async (args, stdin = '') => {
    return await runKubectl(args, stdin, { PATH: process.env['PATH'], HOME: dataDir, KUBECONFIG: sim.kubeconfig });
  };

  beforeAll(async () => {
    const log = createLogger({ write: () => undefined });
    const where = { host: '127.0.0.1', port: 0, dataDir };
    sim = await startKubeSim({ ...where, clock: createClock(), log, kinds: OWN_KINDS, name: 'virtrigaud-manager' });
    const crds = { apiVersion: 'v1', kind: 'List', items: customResourceDefinitions() };
    await must(kubectl, ['create', '--validate=strict', '-f', '-'], JSON.stringify(crds));
    await must(kubectl, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
  });

  afterAll(async () => {
    await sim.stop();
    rmSync(dataDir, { recursive: true });
  });

  it.each(BATCHES)(`takes objects as they are written: $title${seedSkipNote}`, async ({ objects }) => {
    await applyObjects(kubectl, objects);
  });

  it('refuses what is wrong', async () => {
    await Promise.all(REFUSED.map(async ([text, says]) => await refuseObject(kubectl, text, says)));
  });

  it('explains fields, those of unions too', async () => {
    await explainFields(kubectl);
  });

  it('prints the CPUs of a class under either name', async () => {
    await printClasses(kubectl);
  });
});
