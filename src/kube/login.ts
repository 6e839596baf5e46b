// Who asks which Kubernetes API, as kubectl would find it out.
import type { KubeConfig } from '@kubernetes/client-node';

export interface KubeLogin {
  /** File; KUBECONFIG, `~/.kube/config` or the pod's own account where absent. */
  readonly kubeconfig?: string | undefined;
  /** Its current one where absent. */
  readonly context?: string | undefined;
}

/** Why nothing can be asked, or was not answered, as a sentence for whoever has started the program. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
}

/** Fills an empty config. The token of a pod's account stays a file, which is read again as it changes. Throws KubeError. */
export function loadLogin(config: KubeConfig, { kubeconfig, context }: KubeLogin): void {
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
