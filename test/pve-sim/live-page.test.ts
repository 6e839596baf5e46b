// The page at the control endpoint's root, in a real browser; skipped where there is none.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { type PveClient, pveClient } from './pve-client.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const note = executablePath === undefined ? ' (skipped: there is no chromium)' : '';
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(executablePath === undefined)(`the live page${note}`, () => {
  let simulator: Simulator;
  let pve: PveClient;
  let browser: Browser;

  beforeAll(async () => {
    simulator = await startSimulator({ controlPort: 0 });
    pve = pveClient(simulator);
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: QUIET });
  });

  afterAll(async () => {
    await browser?.close();
    await pve.close();
    await simulator.stop();
  });

  test('shows nodes, guests, tasks and calls as they happen', async () => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(simulator.controlUrl ?? '');
    const row = (table: string, text: string) => page.locator(`#${table} tr`, { hasText: text });

    await row('nodes', 'pve3').waitFor();
    expect(await row('nodes', 'pve3').innerText()).toMatch(/pve3\s+9\.1\s+online\s+2\s+0/);
    expect(await row('guests', '9000').innerText()).toContain('debian-12-template');
    expect(await row('guests', '555').count()).toBe(0);

    const clone = { newid: 555, name: 'shown', full: 1 };
    // The copy waits for the storage until the page has shown it under way.
    const release = await simulator.holdLock('storage:local-lvm', 60_000, 'pve1');
    const upid = (await pve.post('/nodes/pve1/qemu/9000/clone', clone)).data;
    await row('tasks', 'qmclone').filter({ hasText: 'running' }).waitFor();
    await row('guests', '555').filter({ hasText: 'clone' }).waitFor();
    release?.();
    expect(await pve.exitOf(upid)).toBe('OK');
    await row('tasks', 'qmclone').filter({ hasText: 'OK' }).waitFor();
    await row('guests', '555').filter({ hasText: 'shown' }).waitFor();
    await row('calls', 'POST /nodes/pve1/qemu/9000/clone').filter({ hasText: '200 OK' }).waitFor();

    await pve.get('/nodes/pve1/qemu/777/config');
    await row('calls', '777').filter({ hasText: '500 Configuration file' }).waitFor();

    await page.locator('#find').fill('ubuntu');
    await row('guests', '9000').waitFor({ state: 'detached' });
    expect(await row('guests', '9001').count()).toBe(1);

    await simulator.setNodeOnline('pve2', false);
    await row('nodes', 'pve2').filter({ hasText: 'offline' }).waitFor();
    expect(errors).toEqual([]);
  });

  test('never draws what a client named as markup', async () => {
    const page = await browser.newPage();
    const guest = simulator.world.guests[100];
    if (guest === undefined) throw new Error('guest 100 is not there');
    guest.config['name'] = '<img src=x onerror="document.title=1">';
    await page.goto(simulator.controlUrl ?? '');
    await page.locator('#guests tr', { hasText: '<img' }).waitFor();
    expect(await page.locator('#guests img').count()).toBe(0);
    expect(await page.title()).toBe('pve-sim');
  });
});
