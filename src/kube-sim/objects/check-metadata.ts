// What metadata may say, and what of it may change (recordings 054 to 056, 159).
import { forbidden, invalid, required, tooLong } from '../causes.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from '../object.ts';
import type { Cause } from '../status.ts';
import { labelValue, type NameRule, ofPrefix, qualifiedName } from './names.ts';

const ANNOTATIONS_BYTES = 256 * 1024;

export interface MetadataRules {
  readonly nameRule: NameRule;
  readonly namespaced: boolean;
}

/** Of a new object, whose name is there by now unless the client gave none. */
export function checkMetadata(metadata: ObjectMeta, { nameRule, namespaced }: MetadataRules): Cause[] {
  const { name, generateName } = metadata;
  return [
    ...(generateName === undefined ? [] : faults('metadata.generateName', generateName, ofPrefix(nameRule))),
    ...(name === ''
      ? [required('metadata.name', 'name or generateName is required')]
      : faults('metadata.name', name, nameRule)),
    ...(namespaced || metadata.namespace === undefined
      ? []
      : [forbidden('metadata.namespace', 'not allowed on this type')]),
    ...checkMaps(metadata),
  ];
}

function checkMaps({ labels = {}, annotations = {}, finalizers = [], ownerReferences = [] }: ObjectMeta): Cause[] {
  return [
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...faults('metadata.labels', key, qualifiedName),
      ...faults('metadata.labels', value, labelValue),
    ]),
    ...Object.keys(annotations).flatMap((key) =>
      qualifiedName(key.toLowerCase()).map((fault) => invalid('metadata.annotations', key, fault)),
    ),
    ...(bytesOf(annotations) > ANNOTATIONS_BYTES ? [tooLong('metadata.annotations', ANNOTATIONS_BYTES)] : []),
    ...wrongOwners(ownerReferences),
    ...finalizers.flatMap((finalizer) => faults('metadata.finalizers', finalizer, qualifiedName)),
    ...(finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')
      ? [invalid('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')]
      : []),
  ];
}

/** Of an update: what may never change, and nothing new to wait for once it is being deleted. */
export function checkChange({ metadata }: KubeObject, { metadata: old }: KubeObject): Cause[] {
  const added = (metadata.finalizers ?? []).filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
  return [
    ...(metadata.uid === old.uid ? [] : [invalid('metadata.uid', metadata.uid, 'field is immutable')]),
    ...(old.deletionTimestamp === undefined || added.length === 0
      ? []
      : [
          forbidden(
            'metadata.finalizers',
            'no new finalizers can be added if the object is being deleted, found new finalizers ' +
              `[]string{${added.map((name) => JSON.stringify(name)).join(', ')}}`,
          ),
        ]),
    ...checkMaps(metadata),
  ];
}

function bytesOf(annotations: Readonly<Record<string, string>>): number {
  return Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

function wrongOwners(owners: readonly OwnerReference[]): Cause[] {
  const at = 'metadata.ownerReferences';
  const empty = owners.flatMap((owner) => [
    ...(owner.apiVersion ? [] : [invalid(`${at}.apiVersion`, '', 'version must not be empty')]),
    ...(owner.kind ? [] : [invalid(`${at}.kind`, '', 'must not be empty')]),
    ...(owner.name ? [] : [invalid(`${at}.name`, '', 'must not be empty')]),
    ...(owner.uid ? [] : [invalid(`${at}.uid`, '', 'must not be empty')]),
  ]);
  const controllers = owners.filter(({ controller }) => controller === true);
  if (controllers.length < 2) return empty;
  const [first, second] = controllers.map(({ kind, name }) => `${kind}/${name}`);
  const message = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
  return [...empty, invalid(at, owners, message)];
}

function faults(field: string, value: string, rule: NameRule): Cause[] {
  return rule(value).map((fault) => invalid(field, value, fault));
}
