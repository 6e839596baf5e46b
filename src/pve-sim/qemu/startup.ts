// `startup`: a guest's place in the order in which its node starts guests, and how long it may take.
import { parseProperties } from '../world/property-string.ts';

export interface Startup {
  readonly order?: string;
  /** Seconds. */
  readonly up?: string;
  readonly down?: string;
}

export function startupOf(config: Readonly<Record<string, string>>): Startup {
  return parseProperties(config['startup'] ?? '', 'order');
}
