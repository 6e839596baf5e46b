// `npm start` as somebody meets it who has just cloned the project: what it shows, what it leaves, what it says of mistakes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { kubectlProgram, runKubectl } from '../support/kubectl.ts';
import { until } from '../support/until.ts';
import { manifest, vmManifest } from '../support/vm-manifests.ts';
import { claimedVms, simWorld } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '../..');
const WEB_SERVER = join(ROOT, 'examples/web-server.yaml');

interface Started {
  /** What it has written so far, both outputs. */
  text(): string;
  /** Resolves when that has come; rejects where the program ends before. */
  said(pattern: RegExp): Promise<string>;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
  interrupt(): void;
}

const children: ChildProcess[] = [];
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'start-test-'))));
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const end = once(child, 'exit');
    child.kill('SIGTERM');
    await end;
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Its temporary files lie in `folder`, where what is left can be seen. */
function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Started {
  const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, ...environment };
  const child = spawn(process.execPath, [join(ROOT, 'bin/start.ts'), ...args], { env, cwd: ROOT, stdio: 'pipe' });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void (text += String(chunk)));
  const ended = once(child, 'close').then(() => child.exitCode);
  return {
    text: () => text,
    said: async (pattern) => {
      await until(
        async () => await Promise.resolve(pattern.exec(text)),
        (found) => {
          if (found === null && child.exitCode !== null) throw new Error(`it has ended: ${text}`);
          return found !== null;
        },
      );
      return pattern.exec(text)?.[1] ?? '';
    },
    ended,
    interrupt: () => void child.kill('SIGINT'),
  };
}

/** Processes that were started for `folder`, but for none of this one. */
function leftOver(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return environment.includes(`TMPDIR=${folder}`) ? [command] : [];
      } catch {
        return [];
      }
    });
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe.skipIf(kubectlProgram === undefined)('on a simulated cluster', () => {
  it('makes everything of the documentation true, with kubectl beside it, and leaves nothing', async () => {
    const first = run([]);
    const kubeconfig = await first.said(/export KUBECONFIG=(\S+)/);
    expect(first.text()).toMatch(/web-server +\d+ +pve-node-[12] +Running +10\./);
    expect(first.text()).toMatch(/web-clone +\d+ +pve-node-[12] +Running +10\./);
    const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig };
    const kubectl = async (args: readonly string[]): Promise<string> => {
      const { exit, stdout, stderr } = await runKubectl(args, '', env);
      expect(`${exit} ${stderr}`).toBe('0 ');
      return stdout;
    };
    // As kubectl would have written them: it has nothing to change but what is in both, and nothing to warn of.
    const snapshot = 'vmsnapshot.infra.virtrigaud.io/before-upgrade configured';
    const again = await kubectl(['apply', '-f', 'examples/quickstart.yaml', '-f', 'examples/scale-up.yaml']);
    const changed = again
      .trim()
      .split('\n')
      .filter((line) => !line.endsWith(' unchanged'));
    expect(changed).toEqual([snapshot, snapshot]);
    const ready = '{.items[*].status.conditions[?(@.type=="Ready")].status}';
    const kinds = 'prov,vm,vmclass,vmimage,vmpp,vmsnapshot,vmclone';
    expect(new Set((await kubectl(['get', kinds, '-o', `jsonpath=${ready}`])).split(' '))).toEqual(new Set(['True']));
    await kubectl(['delete', 'vm', 'batch']);
    await first.said(/(VirtualMachine batch +is gone)/);

    // The documentation's port is that of the first one.
    const second = run(['--apply', WEB_SERVER, '--apply', join(ROOT, 'examples/quickstart.yaml'), '--once']);
    expect(await second.ended, second.text()).toBe(0);
    expect(second.text()).toContain('Provider proxmox-prod (document 1): port 9090 is taken, so it gets another one');
    expect(await kubectl(['get', 'vm', 'web-server', '-o', 'jsonpath={.status.phase}'])).toBe('Running');

    first.interrupt();
    expect(await first.ended).toBe(0);
    expect(leftOver()).toEqual([]);
    expect(existsSync(dirname(kubeconfig))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('virtrigaud-'))).toEqual([]);
  });

  it('tells what is wrong with a file, by object, field and remedy, before it writes anything', async () => {
    const cases: readonly (readonly [name: string, text: string, says: RegExp])[] = [
      [
        'typo',
        vmManifest('web', { powerstate: 'On' }),
        /^VirtualMachine web \(document 1\): spec: "powerstate": unknown; did you mean "powerState"/m,
      ],
      ['kind', manifest('VirtualMachin', 'web', {}), /VirtualMachin web.*no kind.*Did you mean VirtualMachine\./],
      ['twins', manifest('VMClass', 'a', { cpus: 1, memory: '1Gi' }).repeat(2), /VMClass a \(document 2\).*twice/],
      ['yaml', 'a: [', /document 1: not valid YAML/],
    ];
    for (const [name, text, says] of cases) {
      const started = run(['--once', '--apply', file(`${name}.yaml`, text)]);
      expect(await started.ended).toBe(1);
      expect(started.text()).toMatch(says);
      expect(started.text()).not.toContain('start a simulated');
    }
    const absent = run(['--once', '--apply', join(folder, 'absent.yaml')]);
    expect(await absent.ended).toBe(1);
    expect(absent.text()).toMatch(/absent\.yaml cannot be read/);
    const kept = run(['--once', '--data-dir', folder]);
    expect(await kept.ended).toBe(1);
    expect(kept.text()).toMatch(/--data-dir: .*Leave it out, or set PVE_ENDPOINT/);
  });

  it('tells what the API refuses, and what does not become ready, and ends with an error', async () => {
    const lost = run(['--once', '--apply', file('lost.yaml', vmManifest('web', {}, { namespace: 'prod' }))]);
    expect(await lost.ended).toBe(1);
    expect(lost.text()).toMatch(
      /apply: namespaces "prod" not found. Put a Namespace prod into the file, or name another\./,
    );
    const classless = run(['--once', '--apply', file('classless.yaml', vmManifest('web'))]);
    expect(await classless.ended).toBe(1);
    expect(classless.text()).toMatch(
      /not everything is as asked for:\nVirtualMachine web: VMClass "small" not found in namespace "default"/,
    );
    expect(leftOver()).toEqual([]);
  });
});

describe('on a Proxmox VE that the environment names', () => {
  let sim: Simulator;
  beforeAll(async () => void (sim = await startSimulator({ timeScale: 20, port: 0 })));
  afterAll(async () => await sim.stop());

  const environment = (): Record<string, string> => ({
    PVE_ENDPOINT: sim.nodes[0]?.url ?? '',
    PVE_TOKEN_ID: sim.token.id,
    PVE_TOKEN_SECRET: sim.token.secret,
    PVE_CA_BUNDLE: sim.ca,
    PVE_VMID_RANGE: '200000-200999',
  });

  it('keeps its objects, so that the same file again is the same VM', async () => {
    const args = ['--once', '--apply', WEB_SERVER, '--data-dir', join(folder, 'kept')];
    const first = run(args, environment());
    expect(await first.ended, first.text()).toBe(0);
    const [vm] = await claimedVms(simWorld(sim), 'web-server');
    expect(vm).toMatchObject({ running: true });
    expect(vm?.vmid).toBeGreaterThanOrEqual(200_000);
    expect(vm?.vmid).toBeLessThan(201_000);
    const second = run(args, environment());
    expect(await second.ended, second.text()).toBe(0);
    expect(second.text()).toMatch(/5 of them are as they were/);
    expect((await claimedVms(simWorld(sim), 'web-server')).map(({ vmid }) => vmid)).toEqual([vm?.vmid]);
  });

  it('one folder is used by one at a time, and the second says so', async () => {
    const first = run(['--data-dir', join(folder, 'kept')], environment());
    await first.said(/export KUBECONFIG=(\S+)/);
    const second = run(['--data-dir', join(folder, 'kept')], environment());
    expect(await second.ended).toBe(1);
    expect(second.text()).toMatch(/the manager has ended: .*kept/);
    first.interrupt();
    expect(await first.ended).toBe(0);
  });

  it('asks for credentials where there are none', async () => {
    const { PVE_ENDPOINT = '' } = environment();
    const started = run(['--once', '--data-dir', join(folder, 'bare')], { PVE_ENDPOINT });
    expect(await started.ended).toBe(1);
    expect(started.text()).toMatch(
      /Secret pve-credentials: no credentials are set .*Set PVE_TOKEN_ID and PVE_TOKEN_SECRET/,
    );
  });
});
