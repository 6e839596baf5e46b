// `vrtg adopt`: makes VMs that nobody has claimed a provider's own, so that it may also destroy and revert them.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseVmObjects, readVmObject, VIRTUAL_MACHINES, type VmObject } from '#crd/vm-object';
import { type Adoption, adoptVm } from '#doctor/adopt/adopt-vm';
import { surveyVms, type VmFilter } from '#doctor/adopt/survey';
import { Fault } from '#domain/fault';
import { listObjects } from '#kube/list-objects';
import { KubeError } from '#kube/login';
import { listGuests } from '#pve/cluster/resources';
import { CannotBegin, type Connection, type ConnectionOptions, type Surroundings, withPve } from '../connection.ts';
import { adoptionsText, surveyText } from './adopt-text.ts';
import { type Wishes, wishesFromIds, wishesFromObjects } from './wishes.ts';

export interface AdoptCommandOptions extends ConnectionOptions, VmFilter {
  readonly all?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly takeOver?: boolean | undefined;
  /** A file, `-` for the input, or true for a running cluster. */
  readonly fromKube?: string | true | undefined;
  readonly provider?: string | undefined;
  readonly namespace?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly withUid?: boolean | undefined;
  readonly output: 'table' | 'json';
}

/** 0: all are ours; 1: some were refused; 2: it could not begin, or not everything could be looked at. */
export async function runAdopt(
  ids: readonly string[],
  options: AdoptCommandOptions,
  surroundings: Surroundings,
  write: (text: string) => void,
): Promise<number> {
  checkUse(ids, options);
  return await withPve(options, surroundings, async (connection) => {
    const isListing = ids.length === 0 && options.all !== true && options.fromKube === undefined;
    if (isListing) return await list(connection, options, write);
    if (!connection.isNamed) throw new CannotBegin(NO_INSTANCE);
    const wishes = await collectWishes(ids, options, surroundings, connection);
    return await adopt(connection, wishes, options, write);
  });
}

const NO_INSTANCE =
  'which provider are they to belong to? Name it with --instance or PVE_INSTANCE: what its log says at the start as instance=';

function checkUse(ids: readonly string[], options: AdoptCommandOptions): void {
  const { name, node, pool, tag, all, fromKube } = options;
  const hasFilter = [name, node, pool, tag].some((value) => value !== undefined);
  if (all === true && !hasFilter)
    throw new CannotBegin("--all needs a filter; --name '*' means every VM that nobody has claimed");
  if (ids.length > 0 && (hasFilter || all === true)) throw new CannotBegin('give either VMIDs or filters');
  if (fromKube === undefined) return;
  if (ids.length > 0 || hasFilter || all === true)
    throw new CannotBegin('--from-kube takes the ids from VirtualMachines: give neither VMIDs nor filters');
}

async function list(
  { patient }: Connection,
  options: AdoptCommandOptions,
  write: (text: string) => void,
): Promise<number> {
  const survey = await surveyVms(patient, options);
  const { instance } = patient;
  write(options.output === 'json' ? json({ instance, ...survey }) : surveyText(survey, instance));
  return survey.unseen.length > 0 ? 2 : 0;
}

async function adopt(
  { patient }: Connection,
  { wishes, refused, leftOut }: Wishes,
  { takeOver = false, dryRun = false, output }: AdoptCommandOptions,
  write: (text: string) => void,
): Promise<number> {
  const { instance } = patient;
  const guests = await listGuests(patient.pve, patient.call);
  const vms: Adoption[] = [];
  for (const wish of wishes) vms.push(await adoptVm(patient, wish, { takeOver, dryRun }, guests));
  const result = { instance, dryRun, vms, refused, leftOut };
  write(output === 'json' ? json(result) : adoptionsText(result));
  return refused.length > 0 || vms.some(({ outcome }) => outcome.kind === 'refused') ? 1 : 0;
}

async function collectWishes(
  ids: readonly string[],
  options: AdoptCommandOptions,
  { environment }: Surroundings,
  { patient }: Connection,
): Promise<Wishes> {
  if (options.fromKube !== undefined) {
    const provider = providerName(options.provider ?? patient.instance, options.namespace);
    const objects = await readObjects(options.fromKube, options, environment);
    return wishesFromObjects(objects, { provider, withUid: options.withUid === true });
  }
  if (options.all !== true) return wishesFromIds(ids);
  const { vms, unseen } = await surveyVms(patient, options);
  const claims = options.takeOver === true ? ['none', 'foreign'] : ['none'];
  return {
    wishes: vms.filter(({ claim, template }) => claims.includes(claim) && !template),
    refused: unseen.map(({ what, why, remedy }) => ({ kind: 'refused', what, why, remedy })),
    leftOut: [],
  };
}

/** VirtualMachines of several providers lie side by side, and their ids mean nothing to each other. */
function providerName(name: string, namespace: string | undefined): string {
  if (/^[^/]+\/[^/]+$/.test(name)) return name;
  if (namespace !== undefined && !name.includes('/')) return `${namespace}/${name}`;
  throw new CannotBegin(
    `whose VirtualMachines are to be taken? Name the Provider object with --provider namespace/name ("${name}" is none)`,
  );
}

async function readObjects(
  from: string | true,
  options: AdoptCommandOptions,
  environment: Surroundings['environment'],
): Promise<readonly VmObject[]> {
  try {
    if (from !== true) return parseVmObjects(readText(from, environment)).filter(isIn(options.namespace));
    const objects = await listObjects(VIRTUAL_MACHINES, options, options.namespace);
    return objects.map((object, index) => readVmObject(object, `VirtualMachine ${index + 1}`));
  } catch (error) {
    if (error instanceof KubeError) throw new CannotBegin(error.message, { cause: error });
    if (error instanceof Fault)
      throw new CannotBegin(`${from === true ? '' : `${from}: `}${error.message}`, { cause: error });
    throw error;
  }
}

function isIn(namespace: string | undefined): (object: VmObject) => boolean {
  return (object) => namespace === undefined || object.namespace === namespace;
}

/** npm runs scripts in the project's folder, and says where it was called. */
function readText(file: string, environment: Surroundings['environment']): string {
  const STDIN = 0;
  try {
    return readFileSync(file === '-' ? STDIN : resolve(environment['INIT_CWD'] ?? '.', file), 'utf8');
  } catch (cause) {
    throw new CannotBegin(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
