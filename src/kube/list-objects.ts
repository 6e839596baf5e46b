// Objects of one kind, for a command that asks once.
import { connectKube } from './connect.ts';
import { KubeApiError } from './api.ts';
import { KubeError, type KubeLogin } from './login.ts';
import type { KubeObject } from './object.ts';
import type { Resource } from './resource.ts';

/** All objects of a kind, of one namespace or of all. Throws KubeError with a sentence that names the server. */
export async function listObjects(
  resource: Resource,
  login: KubeLogin,
  namespace?: string,
): Promise<readonly KubeObject[]> {
  const api = await connectKube(login);
  try {
    return (await api.list(resource, namespace)).items;
  } catch (error) {
    const wanted = `list ${resource.plural}.${resource.group}`;
    throw new KubeError(`Kubernetes API at ${api.server}: ${wanted}: ${whyNot(error, api.server)}`, { cause: error });
  } finally {
    api.close();
  }
}

function whyNot(error: unknown, server: string): string {
  if (!(error instanceof KubeApiError)) return error instanceof Error ? error.message : String(error);
  // What has no code names the server itself.
  return error.code === 0
    ? error.message.replace(`Kubernetes API at ${server}: `, '')
    : `${error.code} ${error.message}`;
}
