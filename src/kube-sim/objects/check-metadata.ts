// What metadata may say, and what of it may change (recordings 054 to 056, 159).
import { forbidden, invalid, required, tooLong, wrongValue } from '../causes.ts';
import { quoted } from '../go-text.ts';
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
    ...checkFinalizers(metadata),
  ];
}

function checkMaps({ labels = {}, annotations = {}, ownerReferences = [] }: ObjectMeta): Cause[] {
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
  ];
}

function checkFinalizers({ finalizers = [] }: ObjectMeta): Cause[] {
  const isTorn = finalizers.includes('orphan') && finalizers.includes('foregroundDeletion');
  return [
    ...finalizers.flatMap((finalizer) => faults('metadata.finalizers', finalizer, qualifiedName)),
    ...(isTorn
      ? [
          wrongValue(
            'metadata.finalizers',
            texts(finalizers),
            'finalizer orphan and foregroundDeletion cannot be both set',
          ),
        ]
      : []),
  ];
}

/**
 * Of an update. A real server looks at the metadata three times, twice of these at what has changed, and tells of everything it
 * has found.
 */
export function checkChange({ metadata }: KubeObject, { metadata: old }: KubeObject): Cause[] {
  const change = [...newFinalizers(metadata, old), ...changedFixed(metadata, old), ...checkMaps(metadata)];
  return [...checkMaps(metadata), ...checkFinalizers(metadata), ...change, ...change];
}

/** There may be nothing new to wait for once it is being deleted. */
function newFinalizers({ finalizers = [] }: ObjectMeta, old: ObjectMeta): Cause[] {
  const added = finalizers.filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
  if (old.deletionTimestamp === undefined || added.length === 0) return [];
  const why = 'no new finalizers can be added if the object is being deleted, found new finalizers';
  return [forbidden('metadata.finalizers', `${why} ${texts(added)}`)];
}

function changedFixed(metadata: ObjectMeta, old: ObjectMeta): Cause[] {
  const { uid, deletionTimestamp: end, deletionGracePeriodSeconds: grace } = metadata;
  const immutable = 'field is immutable';
  return [
    ...(uid === old.uid ? [] : [invalid('metadata.uid', uid, immutable)]),
    ...(end === undefined || end === old.deletionTimestamp
      ? []
      : [wrongValue('metadata.deletionTimestamp', `${end.replace('T', ' ').replace('Z', '')} +0000 UTC`, immutable)]),
    ...(grace === undefined || grace === old.deletionGracePeriodSeconds
      ? []
      : [invalid('metadata.deletionGracePeriodSeconds', grace, immutable)]),
  ];
}

function bytesOf(annotations: Readonly<Record<string, string>>): number {
  return Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

const OWNERS = 'metadata.ownerReferences';

function wrongOwners(owners: readonly OwnerReference[]): Cause[] {
  const wrong = owners.flatMap(wrongOwner);
  const controllers = owners.filter(({ controller }) => controller === true);
  if (controllers.length < 2) return wrong;
  const [first, second] = controllers.map(({ kind, name }) => `${kind}/${name}`);
  const message = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
  return [...wrong, wrongValue(OWNERS, `[]v1.OwnerReference{${owners.map(ownerText).join(', ')}}`, message)];
}

const NOTHING = { apiVersion: '', kind: '', name: '', uid: '' };

/** An event owns nothing. */
const BANNED = new Set(['v1/Event', 'events.k8s.io/v1/Event']);

function wrongOwner(owner: OwnerReference): Cause[] {
  const { apiVersion, kind, name, uid } = { ...NOTHING, ...owner };
  const hasVersion = apiVersion !== '' && apiVersion.split('/').length <= 2 && !apiVersion.endsWith('/');
  const empty = { kind, name, uid };
  const [version, group = ''] = apiVersion.split('/').toReversed();
  return [
    ...(hasVersion ? [] : [invalid(`${OWNERS}.apiVersion`, apiVersion, 'version must not be empty')]),
    ...Object.entries(empty)
      .filter(([, value]) => value === '')
      .map(([field]) => invalid(`${OWNERS}.${field}`, '', `${field} must not be empty`)),
    ...(BANNED.has(`${apiVersion}/${kind}`)
      ? [wrongValue(OWNERS, ownerText(owner), `${group}/${version}, Kind=${kind} is disallowed from being an owner`)]
      : []),
  ];
}

/** As Go source would have it. */
function ownerText(owner: OwnerReference): string {
  const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = { ...NOTHING, ...owner };
  const flag = (value: boolean | undefined): string => (value === undefined ? '(*bool)(nil)' : '(*bool)(0xc000000000)');
  return (
    `v1.OwnerReference{APIVersion:${quoted(apiVersion)}, Kind:${quoted(kind)}, Name:${quoted(name)}, UID:${quoted(uid)}, ` +
    `Controller:${flag(controller)}, BlockOwnerDeletion:${flag(blockOwnerDeletion)}}`
  );
}

function texts(values: readonly string[]): string {
  return `[]string{${values.map(quoted).join(', ')}}`;
}

function faults(field: string, value: string, rule: NameRule): Cause[] {
  return rule(value).map((fault) => invalid(field, value, fault));
}
