// Objects of a Kubernetes API, with the login that kubectl would use. The library is large, so it is loaded when it is needed.
import { STATUS_CODES } from 'node:http';
import type { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';

export interface KubeLogin {
  /** File; KUBECONFIG, `~/.kube/config` or the pod's own account where absent. */
  readonly kubeconfig?: string | undefined;
  /** Its current one where absent. */
  readonly context?: string | undefined;
}

export interface ObjectKind {
  readonly group: string;
  readonly version: string;
  /** `virtualmachines`. */
  readonly plural: string;
}

/** Why there is no list, as a sentence that names the server. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
}

const PAGE = 500;

/** All objects of a kind, of one namespace or of all. Throws KubeError. */
export async function listObjects(kind: ObjectKind, login: KubeLogin, namespace?: string): Promise<readonly unknown[]> {
  const library = await import('@kubernetes/client-node');
  const config = new library.KubeConfig();
  loadLogin(config, login);
  const server = config.getCurrentCluster()?.server ?? '';
  const api = config.makeApiClient(library.CustomObjectsApi);
  const objects: unknown[] = [];
  let next: string | undefined;
  try {
    do {
      const page = await readPage(api, kind, namespace, next);
      objects.push(...page.items);
      next = page.next;
    } while (next !== undefined);
  } catch (error) {
    throw new KubeError(`Kubernetes API at ${server}: list ${kind.plural}.${kind.group}: ${whyNot(error)}`, {
      cause: error,
    });
  }
  return objects;
}

function loadLogin(config: KubeConfig, { kubeconfig, context }: KubeLogin): void {
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    const file = kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config';
    throw new KubeError(`${file} cannot be read as a kubeconfig: ${messageOf(cause)}`, { cause });
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new KubeError(`there is no context "${context}" in the kubeconfig; it has ${names.join(', ')}`);
    }
    config.setCurrentContext(context);
  }
  // What the library makes up where it finds nothing.
  if (kubeconfig === undefined && config.getCurrentCluster()?.server === 'http://localhost:8080') {
    throw new KubeError('there is no kubeconfig. Set KUBECONFIG, or name a file with --kubeconfig');
  }
  if (config.getCurrentCluster() === null) {
    throw new KubeError('the kubeconfig has no current context. Name one with --context');
  }
}

interface Page {
  readonly items: readonly unknown[];
  /** Where the next page begins. */
  readonly next: string | undefined;
}

async function readPage(
  api: CustomObjectsApi,
  kind: ObjectKind,
  namespace: string | undefined,
  from: string | undefined,
): Promise<Page> {
  const request = { ...kind, limit: PAGE, ...(from === undefined ? {} : { _continue: from }) };
  const answer: unknown =
    namespace === undefined
      ? await api.listClusterCustomObject(request)
      : await api.listNamespacedCustomObject({ ...request, namespace });
  const { items, metadata } = answer as { items?: unknown; metadata?: { continue?: string } };
  if (!Array.isArray(items)) throw new Error('the answer is no list');
  return { items, next: metadata?.continue === '' ? undefined : metadata?.continue };
}

/** The server's own message where it gave one. */
function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, body } = error as { code?: unknown; body?: unknown };
  if (typeof code !== 'number') return messageOf(error.cause instanceof Error ? error.cause : error);
  return `${code} ${statusMessage(body) ?? STATUS_CODES[code] ?? ''}`.trim();
}

function statusMessage(body: unknown): string | undefined {
  try {
    const status: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    return (status as { message?: string } | null)?.message;
  } catch {
    return typeof body === 'string' ? body.trim().slice(0, 200) : undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
