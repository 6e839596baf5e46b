// VirtualMachine objects as a cluster has them, as far as it matters which VM each one is.
import { invalidSpec } from '#domain/fault';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { DEFAULT_NAMESPACE, GROUP, VERSION } from './manifests.ts';

export interface VmObject {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  /** `status.id`, in the provider's own words; undefined where the VM is not there yet. */
  readonly id: string | undefined;
  /** `namespace/name` of its Provider; undefined where it names none. */
  readonly provider: string | undefined;
}

/** The kind's name in URLs, and the version we read. */
export const VIRTUAL_MACHINES = {
  group: GROUP,
  version: VERSION,
  plural: 'virtualmachines',
  kind: 'VirtualMachine',
} as const;

const metadata = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  uid: z.string().optional(),
});
const reference = z.looseObject({ name: z.string().min(1), namespace: z.string().optional() });
const vmObject = z.looseObject({
  metadata,
  spec: z.looseObject({ providerRef: reference.optional() }).optional(),
  status: z.looseObject({ id: z.string().optional() }).nullish(),
});
const kinds = z.looseObject({ apiVersion: z.string(), kind: z.string(), items: z.array(z.unknown()).optional() });

/**
 * The VirtualMachines in what `kubectl get -o yaml` or `-o json` prints: single objects, lists, several documents; other
 * kinds are left out. Throws `invalid-spec` naming the document.
 */
export function parseVmObjects(text: string): VmObject[] {
  return [...parseAllDocuments(text)].flatMap((document, index) => {
    const [error] = document.errors;
    const where = `document ${index + 1}`;
    if (error !== undefined) throw invalidSpec(where, `not YAML or JSON: ${error.message.split('\n')[0] ?? ''}`);
    const value: unknown = document.toJS();
    return value === null || value === undefined ? [] : objectsIn(value, where);
  });
}

function objectsIn(value: unknown, where: string): VmObject[] {
  const { data, error } = kinds.safeParse(value);
  if (error !== undefined) throw invalidSpec(where, 'it is no object of Kubernetes', 'It has apiVersion and kind');
  if (data.items !== undefined)
    return data.items.flatMap((item, index) => objectsIn(withKind(item, data), `${where}: items.${index}`));
  const isVm = data.kind === 'VirtualMachine' && data.apiVersion.startsWith(`${GROUP}/`);
  return isVm ? [readVmObject(value, where)] : [];
}

/** The items of a typed list need not repeat what they are. */
function withKind(item: unknown, { apiVersion, kind }: z.output<typeof kinds>): unknown {
  if (kind === 'List' || typeof item !== 'object' || item === null) return item;
  return { apiVersion, kind: kind.replace(/List$/, ''), ...item };
}

/** One VirtualMachine. Throws `invalid-spec` where it lacks a name or has a field of the wrong type. */
export function readVmObject(value: unknown, where: string): VmObject {
  const { data, error } = vmObject.safeParse(value);
  if (error !== undefined) {
    const [issue] = error.issues;
    throw invalidSpec(`${where}: ${issue?.path.join('.') ?? ''}`, issue?.message ?? 'it is no VirtualMachine');
  }
  const { name, uid, namespace = DEFAULT_NAMESPACE } = data.metadata;
  const ref = data.spec?.providerRef;
  const id = data.status?.id;
  return {
    name,
    namespace,
    uid,
    id: id === '' ? undefined : id,
    provider: ref === undefined ? undefined : `${ref.namespace ?? namespace}/${ref.name}`,
  };
}
