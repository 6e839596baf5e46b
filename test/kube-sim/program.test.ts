// The program `virtrigaud-manager` as a person starts it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PROGRAM, startProcess } from './storm.ts';

const folder = mkdtempSync(join(tmpdir(), 'kube-sim-program-'));

function runToEnd(...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
  return { status, stderr };
}

describe('virtrigaud-manager', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('keeps what it has over a restart, and lets nobody else in', async () => {
    const first = await startProcess(folder);
    const { status } = await first.client.call('POST', '/api/v1/namespaces', { metadata: { name: 'kept' } });
    expect(status).toBe(201);
    expect(runToEnd('--standalone', '--data-dir', folder, '--listen', '127.0.0.1:0')).toEqual({
      status: 1,
      stderr: expect.stringContaining(`${folder} is in use by another process`),
    });
    expect(await first.kill('SIGTERM')).toBe(0);
    const second = await startProcess(folder);
    expect((await second.client.call('GET', '/api/v1/namespaces/kept')).status).toBe(200);
    expect(await second.kill('SIGTERM')).toBe(0);
    for (const secret of ['kubeconfig', 'token', 'ca.key', 'store.db'])
      expect([secret, statSync(join(folder, secret)).mode & 0o077]).toEqual([secret, 0]);
  });

  test.each([
    ['no --standalone', [], 'not built yet; start it with --standalone'],
    ['no --data-dir', ['--standalone'], '--data-dir is missing'],
    ['an address that is none', ['--standalone', '--data-dir', folder, '--listen', 'here'], '127.0.0.1:6443'],
    ['an option nobody knows', ['--nope'], "unknown option '--nope'"],
  ])('with %s says what is wrong', (_, args, says) => {
    expect(runToEnd(...args)).toEqual({ status: 1, stderr: expect.stringContaining(says) });
  });
});
