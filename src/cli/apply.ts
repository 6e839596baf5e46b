// `apply`: the VirtualMachines of a file become running VMs, by the calls a manager would send.
import { bundleManifests, type VmBundle } from '#crd/bundle';
import { type Manifest, manifestTitle, parseManifests } from '#crd/manifests';
import { type NormalisedVm, normaliseVm } from '#crd/normalise';
import { fieldsOfNoEffect } from '#crd/of-no-effect';
import { Fault } from '#domain/fault';
import type { PowerState } from '#domain/power';
import type { ProviderClient } from '#rpc/client';
import { type DescribeResponse, PowerOp } from '#rpc/contract';
import { encodeCreate } from '#rpc/payload/create';
import type { Clock } from '#runtime/clock';
import type { Progress } from './progress.ts';

export interface ApplyOptions {
  readonly client: ProviderClient;
  /** YAML: VirtualMachines with the VMClasses and VMImages they refer to. */
  readonly manifests: string;
  readonly progress: Progress;
  readonly clock: Clock;
}

export interface AppliedVm {
  readonly name: string;
  readonly id: string;
  readonly powerState: string;
  readonly ips: readonly string[];
  /** What its owner should know. */
  readonly notes: readonly string[];
}

/** Throws the Fault that stopped it; what has been made by then stays, and applying again goes on. */
export async function applyManifests(options: ApplyOptions): Promise<AppliedVm[]> {
  const { vms, unused } = bundleManifests(parseManifests(options.manifests));
  for (const manifest of unused) options.progress.say(`    ${manifestTitle(manifest)}: nothing here refers to it`);
  for (const manifest of usedBy(vms)) sayIdle(manifest, options.progress);
  if (vms.length === 0)
    throw new Fault('invalid-spec', { subject: 'manifests', why: 'there is no VirtualMachine in them' });
  const applied: AppliedVm[] = [];
  for (const vm of vms) applied.push(await applyVm(options, normaliseVm(vm)));
  return applied;
}

function usedBy(vms: readonly VmBundle[]): Set<Manifest> {
  return new Set(
    vms.flatMap(({ vm, vmClass, image, referred }) => [vm, vmClass, ...(image ? [image] : []), ...referred]),
  );
}

function sayIdle(manifest: Manifest, progress: Progress): void {
  for (const { field, why } of fieldsOfNoEffect(manifest))
    progress.say(`    ${manifestTitle(manifest)}: ${field}: ${why}`);
}

async function applyVm(options: ApplyOptions, vm: NormalisedVm): Promise<AppliedVm> {
  const { progress } = options;
  const { name } = vm.spec;
  refuseAntiAffinity(vm);
  const id = await progress.step(`create VM ${name}`, async () => await createVm(options, vm));
  await progress.step(`power ${name} (VM ${id}) ${vm.powerState}`, async () => await power(options, id, vm.powerState));
  if (vm.powerState === 'On')
    await progress.step(`wait for an IP of ${name}`, async () => await waitForIp(options, id));
  const { powerState, ips, providerRawJson } = await describe(options, id);
  const noIp = powerState === 'On' && ips.length === 0 ? [NO_IP] : [];
  return { name, id, powerState, ips, notes: [...warningsIn(providerRawJson), ...noIp] };
}

/** Which VMs are meant is known to whoever has all VirtualMachines with their labels. */
function refuseAntiAffinity({ avoid, spec }: NormalisedVm): void {
  if (avoid.length === 0) return;
  const why = 'its policy has antiAffinity, which needs a manager';
  throw new Fault('unsupported', { subject: `VirtualMachine ${spec.name}`, why, remedy: 'Remove it from the policy' });
}

async function createVm(options: ApplyOptions, { spec, owner }: NormalisedVm): Promise<string> {
  const { client } = options;
  const request = encodeCreate(spec);
  const { id, task } = await patiently(options, async () => await client.create(request, { owner }));
  if (task !== undefined) await waitUntil(options, async () => (await client.taskStatus({ task })).done);
  return id;
}

const OPS: Readonly<Record<PowerState, PowerOp>> = {
  On: PowerOp.ON,
  Off: PowerOp.OFF,
  OffGraceful: PowerOp.SHUTDOWN_GRACEFUL,
};

async function power(options: ApplyOptions, id: string, state: PowerState): Promise<void> {
  await patiently(options, async () => await options.client.power({ id, op: OPS[state] }));
}

const NO_IP = 'the guest agent has not told an IP; is it installed in the image, and enabled in the template?';

/** Some guests have no agent, so this gives up in peace. */
async function waitForIp(options: ApplyOptions, id: string): Promise<void> {
  const until = options.clock.now() + LONGEST_IP_WAIT_MS;
  await waitUntil(options, async () => {
    const { ips } = await describe(options, id);
    return ips.length > 0 || options.clock.now() >= until;
  });
}

async function describe(options: ApplyOptions, id: string): Promise<DescribeResponse> {
  return await patiently(options, async () => await options.client.describe({ id }));
}

function warningsIn(rawJson: string): string[] {
  const { warnings } = JSON.parse(rawJson) as { warnings?: string };
  return warnings === undefined ? [] : warnings.split('; ');
}

const PAUSE_MS = 500;
const LONGEST_WAIT_MS = 5 * 60_000;
const LONGEST_IP_WAIT_MS = 2 * 60_000;

async function waitUntil({ clock }: ApplyOptions, isDone: () => Promise<boolean>): Promise<void> {
  const until = clock.now() + LONGEST_WAIT_MS;
  while (!(await isDone())) {
    if (clock.now() >= until)
      throw new Fault('busy', { subject: 'apply', why: 'it has taken 5 minutes and is not done' });
    await clock.sleep(PAUSE_MS);
  }
}

/** As the manager does: what somebody is working on is asked again. */
async function patiently<T>({ clock }: ApplyOptions, call: () => Promise<T>): Promise<T> {
  const until = clock.now() + LONGEST_WAIT_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'busy' || clock.now() >= until) throw error;
      await clock.sleep(PAUSE_MS);
    }
  }
}
