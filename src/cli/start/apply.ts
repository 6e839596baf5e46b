// Manifests are written to the API as kubectl would write them.
import { PROVIDERS } from '#crd/resources';
import { Fault } from '#domain/fault';
import { KubeApiError, type KubeApi, type WriteOptions } from '#kube/api';
import { type Applied, applyObject } from '#kube/apply';
import { NAMESPACES } from '#kube/resource';
import { inOrder, type Wanted, type WantedObject } from './manifests.ts';
import { isPortFree } from './port.ts';

export interface Written {
  readonly wanted: Wanted;
  readonly applied: Applied;
}

/** Throws a Fault that names the object. Where one is refused nothing is written, but for Namespaces. */
export async function applyAll(wanted: readonly Wanted[], api: KubeApi): Promise<Written[]> {
  const ordered = inOrder(wanted);
  const namespaces = ordered.filter(({ resource }) => resource === NAMESPACES);
  const others = ordered.filter(({ resource }) => resource !== NAMESPACES);
  const written: Written[] = [];
  for (const one of namespaces) written.push(await applyOne(one, api));
  for (const one of others) await applyOne(one, api, { dryRun: true });
  for (const one of others) written.push(await applyOne(one, api));
  return written;
}

async function applyOne(wanted: Wanted, api: KubeApi, options: WriteOptions = {}): Promise<Written> {
  const { title, resource, object } = wanted;
  try {
    return { wanted, applied: await applyObject(api, resource, object, { ...options, isStrict: true }) };
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error;
    const namespace = object.metadata.namespace ?? '';
    const isHomeless = error.reason === 'NotFound' && error.message.includes('namespaces');
    const remedy = isHomeless ? `Put a Namespace ${namespace} into the file, or name another` : 'Correct it there';
    throw new Fault('invalid-spec', { subject: title, wanted: 'apply', why: error.message, remedy }, { cause: error });
  }
}

/** A Provider whose port another program has gets any free one; `moved` says so of each. */
export async function withFreePorts(
  wanted: readonly Wanted[],
  api: KubeApi,
): Promise<{ readonly wanted: Wanted[]; readonly moved: readonly string[] }> {
  const moved: string[] = [];
  const result: Wanted[] = [];
  for (const one of wanted) {
    const port = one.resource === PROVIDERS ? portOf(one.object) : undefined;
    const isTaken = port !== undefined && !(await isPortFree(port)) && !(await hasPort(one.object, port, api));
    if (isTaken) moved.push(`${one.title}: port ${port} is taken, so it gets another one`);
    result.push(isTaken ? { ...one, object: withoutPort(one.object) } : one);
  }
  return { wanted: result, moved };
}

/** From an earlier start: then it is the one that listens there. */
async function hasPort({ metadata }: WantedObject, port: number, api: KubeApi): Promise<boolean> {
  const live = await api.get(PROVIDERS, metadata);
  return live !== undefined && portOf(live) === port;
}

interface ProviderSpec {
  readonly runtime?: { readonly service?: { readonly port?: number } };
}

function portOf(object: { readonly [field: string]: unknown }): number | undefined {
  return ((object['spec'] ?? {}) as ProviderSpec).runtime?.service?.port;
}

function withoutPort(object: WantedObject): WantedObject {
  const spec = (object['spec'] ?? {}) as ProviderSpec;
  const { port: _port, ...service } = spec.runtime?.service ?? {};
  return { ...object, spec: { ...spec, runtime: { ...spec.runtime, service } } };
}
