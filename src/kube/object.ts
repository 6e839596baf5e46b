/** An object of a Kubernetes API, as JSON; what is beside metadata belongs to its kind. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  /** RFC 3339 */
  readonly creationTimestamp: string;
  /** RFC 3339; set once somebody has asked for its deletion. */
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Which one of a kind. */
export interface ObjectKey {
  readonly name: string;
  /** Absent for kinds without namespaces. */
  readonly namespace?: string | undefined;
}

export function keyOf({ metadata: { name, namespace } }: Pick<KubeObject, 'metadata'>): ObjectKey {
  return { name, namespace };
}

/** `namespace/name`, as people write it. */
export function keyText({ name, namespace }: ObjectKey): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The key of `keyText`: no name has a `/`. */
export function keyFromText(text: string): ObjectKey {
  const [name = '', namespace] = text.split('/').toReversed();
  return { name, namespace };
}
