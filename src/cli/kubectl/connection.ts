// What every plugin shares with kubectl: whose cluster, which namespace.
import type { Command } from '@commander-js/extra-typings';
import { connectKube } from '#kube/connect';
import type { KubeApi } from '#kube/api';

export interface KubectlOptions {
  readonly namespace?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

export interface Connected {
  readonly api: KubeApi;
  readonly namespace: string;
}

/** The options that kubectl has too. */
export function withKubectlOptions<Args extends unknown[], Options extends Record<string, unknown>>(
  command: Command<Args, Options>,
) {
  return command
    .option('-n, --namespace <namespace>', 'instead of the namespace of the context')
    .option('--kubeconfig <file>', 'instead of KUBECONFIG')
    .option('--context <name>', 'a context of the kubeconfig');
}

/** Runs `work` with the API that kubectl would ask. Throws KubeError where there is none. */
export async function withApi<T>(options: KubectlOptions, work: (connected: Connected) => Promise<T>): Promise<T> {
  const { namespace, ...login } = options;
  const api = await connectKube(login);
  try {
    return await work({ api, namespace: namespace ?? api.namespace });
  } finally {
    api.close();
  }
}
