// Calls of the guest agent (pve-behaviour 17): what each state of it answers, programs, files and file systems.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { Guest } from '#pve-sim/world/world';
import { objectOf, type PveClient, pveClient, type Reply, rowsOf } from './pve-client.ts';
import { eventually } from './watch.ts';

let simulator: Simulator;
let pve: PveClient;
const base = '/nodes/pve/qemu/120/agent';

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 0, durations: { guestBootMs: 0 } });
  pve = pveClient(simulator, { token: simulator.rootToken });
  await pve.task('post', '/nodes/pve/qemu/9000/clone', { newid: 120, name: 'web' });
  await pve.task('post', '/nodes/pve/qemu/120/status/start');
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

beforeEach(() => {
  guest().behaviour.agent = 'answers';
});

function guest(): Guest {
  const found = simulator.world.guests[120];
  if (found === undefined) throw new Error('the guest is gone');
  return found;
}

const result = (reply: Reply): unknown => objectOf(reply)['result'];

/** Runs a program to its end. */
async function run(command: readonly string[], input?: string): Promise<Record<string, unknown>> {
  const words = new URLSearchParams(command.map((word): [string, string] => ['command', word]));
  const form = `${words.toString()}${input === undefined ? '' : `&input-data=${encodeURIComponent(input)}`}`;
  const started = objectOf(await pve.send('POST', `${base}/exec`, form));
  return objectOf(await pve.get(`${base}/exec-status`, { pid: Number(started['pid']) }));
}

describe('the state of the agent', () => {
  test.each(['silent', 'absent'] as const)('%s: nobody hears the ping', async (state) => {
    guest().behaviour.agent = state;
    expect((await pve.get(`${base}/get-osinfo`)).reason).toBe('QEMU guest agent is not running');
  });

  test('hangs: a ping is answered, a command is not', async () => {
    guest().behaviour.agent = 'hangs';
    expect(result(await pve.post(`${base}/ping`))).toEqual({});
    const late = await pve.get(`${base}/get-users`);
    expect([late.status, late.reason]).toEqual([500, "VM 120 qga command 'guest-get-users' failed - got timeout"]);
  });

  test('error: told inside a 200, but by commands with parameters as a 500', async () => {
    guest().behaviour.agent = 'error';
    const answer = await pve.get(`${base}/get-time`);
    expect(answer.status).toBe(200);
    expect(result(answer)).toEqual({
      error: { class: 'GenericError', desc: 'Command guest-get-time has been disabled' },
    });
    const refused = await pve.get(`${base}/file-read`, { file: '/etc/hostname' });
    expect([refused.status, refused.reason]).toEqual([500, 'Agent error: Command guest-file-open has been disabled']);
  });

  test('is set by the control endpoint', async () => {
    const controlled = await startSimulator({ cluster: 'one-node', controlPort: 0, tls: false });
    const body = JSON.stringify({ behaviour: { agent: 'hangs' } });
    const answer = await fetch(`${controlled.controlUrl ?? ''}/world/vms/9000`, { method: 'POST', body });
    expect(answer.status).toBe(200);
    expect(controlled.world.guests[9000]?.behaviour.agent).toBe('hangs');
    await controlled.stop();
  });
});

describe('commands', () => {
  test('are listed, and can be given by name', async () => {
    const names = rowsOf(await pve.get(base)).map(({ name }) => name);
    expect(names).toHaveLength(25);
    expect(names).toContain('exec-status');
    expect(result(await pve.post(base, { command: 'get-host-name' }))).toEqual({ 'host-name': 'web' });
    expect((await pve.post(base, { command: 'exec' })).errors?.['command']).toMatch(
      /^value 'exec' does not have a value/,
    );
  });

  test('tell of the system, its CPUs and its memory', async () => {
    expect(result(await pve.get(`${base}/get-osinfo`))).toMatchObject({ id: 'debian', machine: 'x86_64' });
    expect(result(await pve.get(`${base}/get-vcpus`))).toHaveLength(Number(guest().config['cores']));
    const blocks = result(await pve.get(`${base}/get-memory-blocks`)) as unknown[];
    expect(blocks.length * 128).toBe(Number(guest().config['memory']));
    const nics = result(await pve.get(`${base}/network-get-interfaces`)) as Record<string, unknown>[];
    expect(nics.map(({ name }) => name)).toEqual(['lo', 'eth0']);
    expect(nics[1]?.['statistics']).toHaveProperty('rx-bytes');
  });

  test('freeze file systems until they are thawed; meanwhile the agent does little else', async () => {
    expect(result(await pve.post(`${base}/fsfreeze-freeze`))).toBe(1);
    expect(result(await pve.post(`${base}/fsfreeze-status`))).toBe('frozen');
    expect(result(await pve.get(`${base}/get-users`))).toHaveProperty(
      'error.desc',
      'Command guest-get-users has been disabled: the agent is in frozen state',
    );
    expect(result(await pve.post(`${base}/fsfreeze-thaw`))).toBe(1);
    expect(result(await pve.get(`${base}/get-users`))).toEqual([]);
  });

  test('switch the guest off from inside', async () => {
    await pve.task('post', '/nodes/pve/qemu/9000/clone', { newid: 121 });
    await pve.task('post', '/nodes/pve/qemu/121/status/start');
    expect(result(await pve.post('/nodes/pve/qemu/121/agent/shutdown'))).toEqual({});
    await eventually(
      simulator.clock,
      async () => simulator.world.guests[121]?.run,
      (state) => state === undefined,
    );
  });
});

describe('exec', () => {
  test('gives both outputs and the exit code, once', async () => {
    const script = 'echo out; echo "a  b" >&2; false || cat < /etc/nothing > /dev/null; exit 3';
    expect(await run(['/bin/sh', '-c', script])).toEqual({
      exited: 1,
      exitcode: 3,
      'out-data': 'out\n',
      'out-truncated': 0,
      'err-data': 'a  b\n',
      'err-truncated': 0,
    });
    const again = await pve.get(`${base}/exec-status`, { pid: guest().run?.inside.lastPid ?? 0 });
    expect(again.reason).toBe("Agent error: Invalid parameter 'pid'");
  });

  test('finds programs in the path, hands on input, and leaves files behind', async () => {
    expect(await run(['cat'], 'hello')).toMatchObject({ exitcode: 0, 'out-data': 'hello' });
    expect(await run(['false'])).toEqual({ exited: 1, exitcode: 1 });
    await run(['sh', '-c', "printf '%s\\n' one > /tmp/log && echo two >> /tmp/log"]);
    expect(objectOf(await pve.get(`${base}/file-read`, { file: '/tmp/log' }))['content']).toBe('one\ntwo\n');
    expect(await run(['sh', '-c', 'nosuch'])).toMatchObject({
      exitcode: 127,
      'err-data': 'sh: 1: nosuch: not found\n',
    });
  });

  test('shows a process that is not over yet', async () => {
    const slow = await startSimulator({ cluster: 'one-node', timeScale: 50 });
    const root = pveClient(slow, { token: slow.rootToken });
    await root.task('post', '/nodes/pve/qemu/9000/clone', { newid: 120 });
    await root.task('post', '/nodes/pve/qemu/120/status/start');
    const ping = async () => (await root.post(`${base}/ping`)).status;
    await eventually(slow.clock, ping, (status) => status === 200);
    const { pid } = objectOf(await root.send('POST', `${base}/exec`, 'command=sleep&command=3600'));
    expect(objectOf(await root.get(`${base}/exec-status`, { pid: Number(pid) }))).toEqual({ exited: 0 });
    await root.close();
    await slow.stop();
  });

  test('of a program that is not there breaks the answer', async () => {
    const broken = await pve.post(`${base}/exec`, { command: '/no/such' });
    expect([broken.status, broken.reason, broken.text]).toEqual([596, 'Broken pipe', '']);
  });
});

describe('files', () => {
  test('are written and read as bytes', async () => {
    expect((await pve.post(`${base}/file-write`, { file: '/etc/motd', content: 'grüße' })).data).toBeNull();
    expect(objectOf(await pve.get(`${base}/file-read`, { file: '/etc/motd' }))).toEqual({
      content: 'grüße',
      'bytes-read': 5,
    });
    const base64 = Buffer.from('grüße').toString('base64');
    await pve.post(`${base}/file-write`, { file: '/etc/motd', content: base64, encode: 0 });
    expect(objectOf(await pve.get(`${base}/file-read`, { file: '/etc/motd' }))['bytes-read']).toBe(7);
    const wide = await pve.post(`${base}/file-write`, { file: '/etc/motd', content: '€' });
    expect(wide.reason).toBe('Wide character in subroutine entry');
  });

  test('that are not there are told of as the agent does', async () => {
    const missing = await pve.get(`${base}/file-read`, { file: '/nope' });
    expect(missing.reason).toBe("Agent error: failed to open file '/nope' (mode: 'r'): No such file or directory");
  });
});

test('a password is set by the guest’s own program', async () => {
  expect(objectOf(await pve.post(`${base}/set-user-password`, { username: 'root', password: 'correct' }))).toEqual({
    result: {},
  });
  expect(guest().passwords).toEqual({ root: 'correct' });
});
