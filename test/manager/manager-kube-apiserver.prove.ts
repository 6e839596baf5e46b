// The tests of controllers once more, at a real kube-apiserver on etcd, as the account that `deploy/` makes for the manager: whether
// the API on one machine is like the real one, and whether the account's rights are what is needed, and no more.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { controllerTests, GIVEN_API_REPORT } from '../support/controller-tests.ts';
import { ACCOUNT, buildKubeApiserver, type InstalledManager, installManager } from '../support/installed-manager.ts';

const MANY_MINUTES = 1_800_000;
const root = join(import.meta.dirname, '../..');
let built: ReturnType<typeof buildKubeApiserver>;
let installed: InstalledManager;
let reports: readonly Report[];

beforeAll(() => {
  built = buildKubeApiserver();
}, MANY_MINUTES);

beforeAll(async () => {
  if ('missing' in built) return;
  installed = await installManager(built.binary);
  const seconds = -performance.now() / 1000;
  reports = await runTests(installed);
  console.log(summary(reports, seconds + performance.now() / 1000));
}, MANY_MINUTES);

afterAll(async () => {
  if ('binary' in built) await installed.kube.stop();
});

describe('at a real kube-apiserver, as its own account', () => {
  it.for(controllerTests())('%s', (file, { skip }) => {
    if ('missing' in built) return skip(built.missing);
    const report = reports.find(({ name }) => relative(root, name) === file);
    const failed = report?.assertionResults.filter(({ status }) => status === 'failed') ?? [];
    expect(failed.map(({ fullName, failureMessages }) => [fullName, ...failureMessages].join('\n'))).toEqual([]);
    expect(report, `${report?.message}`).toMatchObject({ status: 'passed' });
  });

  it('nothing was refused to the account, and it has no right that it does not use', ({ skip }) => {
    if ('missing' in built) return skip(built.missing);
    const asked = installed.kube.audit().filter(({ user }) => user === ACCOUNT);
    expect(asked.filter(({ isForbidden }) => isForbidden)).toEqual([]);
    const used = new Set(asked.map(({ verb, resource }) => `${verb} ${resource}`));
    expect(rights().filter((right) => !used.has(right) && !isSeldom(right))).toEqual([]);
  });
});

/** What only happens when certificates are renewed, a port is changed or several want to lead, or is no request. */
const SELDOM = [
  'patch secrets',
  'patch services',
  'update providers/finalizers.infra.virtrigaud.io',
  'create leases.coordination.k8s.io',
  'patch leases.coordination.k8s.io',
];

/** A single object is read where somebody else was faster. */
function isSeldom(right: string): boolean {
  return SELDOM.includes(right) || right.startsWith('get ');
}

interface Report {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly duration?: number;
    readonly failureMessages: readonly string[];
  }[];
}

async function runTests({ kube, token }: InstalledManager): Promise<readonly Report[]> {
  const report = join(root, GIVEN_API_REPORT);
  rmSync(report, { force: true });
  const env = {
    ...process.env,
    KUBE_TEST_KUBECONFIG: kube.kubeconfig,
    KUBE_TEST_MANAGER_KUBECONFIG: kube.login('manager', token),
  };
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--config=vitest.prove.config.ts'];
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore' });
  await once(child, 'exit');
  return (JSON.parse(readFileSync(report, 'utf8')) as { readonly testResults: readonly Report[] }).testResults;
}

function summary(files: readonly Report[], seconds: number): string {
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const count = (status: string): number => tests.filter((test) => test.status === status).length;
  const skipped = tests.filter(({ status }) => !['passed', 'failed'].includes(status)).map(({ fullName }) => fullName);
  return `${files.length} files at a real kube-apiserver: ${count('passed')} passed, ${count('failed')} failed in ${seconds.toFixed(0)} s; skipped: ${skipped.join(', ') || 'none'}`;
}

interface Role {
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** `patch virtualmachines/status.infra.virtrigaud.io` each. */
function rights(): string[] {
  const roles = parseAllDocuments(readFileSync(join(root, 'deploy/manager.yaml'), 'utf8'));
  const rules = roles.flatMap((document) => (document.toJS() as Role).rules ?? []);
  return rules.flatMap(({ apiGroups: [group = ''], resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`)),
  );
}
