// Every answer that a provider may give to each call about a VM: told in its condition, asked for again less and less often,
// and got over as soon as the answer is another one. The provider is one in words, which somebody else runs.
import { VIRTUAL_MACHINES } from '#crd/resources';
import { Fault, type FaultKind } from '#domain/fault';
import { whyOf } from '#manager/work/fault-outcome';
import { PowerOp, type Provider } from '#rpc/contract';
import { plaintext } from '#rpc/credentials';
import { type RpcServer, startRpcServer } from '#rpc/server';
import type { CallContext, Handlers } from '#rpc/service';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { BASICS, isReady, manifest, vmManifest } from '../support/vm-manifests.ts';

interface Vm {
  readonly id: string;
  isOn: boolean;
  changes: number;
}

const vms = new Map<string, Vm>();
/** What is answered to the call of that name about a VM whose name begins with it. */
let failing: FaultKind | undefined;
const calls = new Map<string, number>();

function of({ owner, method }: CallContext): Vm | undefined {
  const { name = '', uid = '' } = owner;
  if (name.startsWith(`${method.toLowerCase()}-`) && failing !== undefined) {
    calls.set(name, (calls.get(name) ?? 0) + 1);
    throw new Fault(failing, { subject: `VM ${name}`, why: `no ${method} today` });
  }
  return vms.get(uid);
}

const provider: Handlers<typeof Provider> = {
  validate: async () => await Promise.resolve({ ok: true, message: 'PVE 9.1' }),
  getCapabilities: async () => await Promise.resolve({}),
  create: async (_request, call) => {
    const vm = of(call) ?? { id: String(1000 + vms.size), isOn: false, changes: 0 };
    vms.set(call.owner.uid ?? '', vm);
    return await Promise.resolve({ id: vm.id });
  },
  describe: async (_request, call) => {
    const vm = of(call);
    const powerState = vm?.isOn === true ? 'On' : 'Off';
    const providerRawJson = JSON.stringify(vm === undefined ? {} : { vmid: vm.id });
    return await Promise.resolve({ exists: vm !== undefined, powerState, ips: ['192.0.2.1'], providerRawJson });
  },
  power: async ({ op }, call) => {
    const vm = of(call);
    if (vm !== undefined) vm.isOn = op !== PowerOp.OFF;
    return await Promise.resolve({});
  },
  reconfigure: async (_request, call) => {
    const vm = of(call);
    if (vm !== undefined) vm.changes += 1;
    return await Promise.resolve({});
  },
  delete: async (_request, call) => {
    of(call);
    vms.delete(call.owner.uid ?? '');
    return await Promise.resolve({});
  },
};

let flow: ManagerFlow;
let server: RpcServer;
beforeAll(async () => {
  const clock = createClock();
  const log = createLogger({ write: () => undefined });
  server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    credentials: plaintext().credentials,
    provider,
    clock,
    log,
  });
  server.setServing(true);
  flow = await startManagerFlow();
  await flow.apply(BASICS);
  const endpoint = `grpc://127.0.0.1:${server.port}`;
  await flow.apply(
    manifest('Provider', 'prod', { type: 'proxmox', endpoint, runtime: { service: { tls: { enabled: false } } } }),
  );
});
afterAll(async () => {
  await flow.stop();
  await server.drain({ finishMs: 0, stopMs: 0 });
});

const vmNamed = async (name: string, isEnough: (seen: Seen) => boolean): Promise<Seen> =>
  await flow.until('VirtualMachine', name, isEnough);

const KINDS: readonly FaultKind[] = [
  'invalid-spec',
  'not-found',
  'already-exists',
  'forbidden',
  'unauthenticated',
  'unavailable',
  'precondition',
  'busy',
  'exhausted',
  'cancelled',
  'unsupported',
  'internal',
];

it.each(KINDS)('%s', async (kind) => {
  const { reason } = whyOf(new Fault(kind, { subject: '', why: '' }));
  const names = ['create', 'describe', 'power', 'reconfigure', 'delete'].map((call) => `${call}-${kind}`);
  const [create = '', describe = '', power = '', reconfigure = '', remove = ''] = names;
  await flow.apply([reconfigure, remove].map((name) => vmManifest(name)).join(''));
  for (const name of [reconfigure, remove]) await vmNamed(name, isReady);

  failing = kind;
  await flow.apply([create, describe, power].map((name) => vmManifest(name)).join(''));
  await flow.apply(vmManifest(reconfigure, { classRef: { name: 'large' } }));
  await flow.delete('VirtualMachine', remove);
  const isTold =
    (name: string) =>
    (seen: Seen): boolean =>
      seen.condition('Ready') === `False ${reason}` && seen.message('Ready').includes(`VM ${name}: no `);
  for (const name of [create, describe, power]) await vmNamed(name, isTold(name));
  if (['unavailable', 'cancelled'].includes(kind)) await vmNamed(reconfigure, isTold(reconfigure));
  else await vmNamed(reconfigure, (seen) => isReady(seen) && seen.condition('UpToDate') === `False ${reason}`);
  if (kind === 'not-found') await flow.untilGone('VirtualMachine', remove);
  else await vmNamed(remove, isTold(remove));
  for (const name of names) expect(calls.get(name)).toBeLessThan(12);

  failing = undefined;
  for (const name of [create, describe, power, reconfigure, remove]) {
    const now = { metadata: { annotations: { now: 'right' } } };
    await flow.api.patch(VIRTUAL_MACHINES, { name, namespace: 'default' }, now).catch(() => undefined);
  }
  for (const name of [create, describe, power]) await vmNamed(name, isReady);
  // A change that was refused waits its time.
  await vmNamed(reconfigure, (seen) => seen.condition('UpToDate') === 'True Applied');
  await flow.untilGone('VirtualMachine', remove);
  for (const name of [create, describe, power, reconfigure]) await flow.delete('VirtualMachine', name);
  for (const name of [create, describe, power, reconfigure]) await flow.untilGone('VirtualMachine', name);
  // Whoever says that there is no such VM is believed.
  expect(vms.size).toBe(kind === 'not-found' ? 1 : 0);
  vms.clear();
});
