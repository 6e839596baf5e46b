import type { Manifest } from '#crd/manifests';
import type { KubeObject } from '#kube/object';

/** An object as its author wrote it, with what an API server has filled in; of a Secret its entries. */
export function manifestOf(object: KubeObject): Manifest {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid } = metadata;
  const entries = apiVersion === 'v1' && kind === 'Secret' ? { entries: entriesOf(object) } : {};
  return { apiVersion, kind, metadata: { name, namespace, uid }, spec: object['spec'], ...entries };
}

/** An API server has them in base64, and in nothing else. */
function entriesOf({ data }: KubeObject): Readonly<Record<string, Uint8Array>> {
  const texts = Object.entries((data ?? {}) as Readonly<Record<string, string>>);
  return Object.fromEntries(texts.map(([key, text]) => [key, new Uint8Array(Buffer.from(text, 'base64'))]));
}
