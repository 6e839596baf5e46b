import { PROVIDERS } from '#crd/resources';
import type { Wanted } from './manifests.ts';

/** Of the documentation: also who applies its manifests later means the simulated cluster by them. */
const DOCUMENTED = ['https://pve.example.com:8006', 'https://pve-cluster.example.com:8006'];

/** Origins that Providers name, each once. */
export function endpointsIn(wanted: readonly Wanted[]): string[] {
  const named = wanted
    .filter(({ resource }) => resource === PROVIDERS)
    .flatMap(({ object }) => ((object['spec'] ?? {}) as { endpoint?: string }).endpoint?.split(',') ?? [])
    .flatMap((url) => {
      const parsed = URL.parse(url.trim());
      return parsed !== null && /^https?:$/.test(parsed.protocol) ? [parsed.origin] : [];
    });
  return [...new Set([...DOCUMENTED, ...named])];
}
