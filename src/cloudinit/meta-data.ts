import { Fault, invalidSpec } from '#domain/fault';
import { Document, isMap, isScalar, Scalar, type YAMLMap } from 'yaml';
import { readYamlMapping } from './read-yaml.ts';

export interface MetaData {
  /** The text of the `meta-data` file. */
  readonly text: string;
  /** The text of a `network-config` that the owner put into the meta data, taken out of it. */
  readonly networkConfig: string | undefined;
}

/** Under either name people put a network-config into meta data, as a mapping or as text. */
const NETWORK_KEYS = ['network-config', 'network'];

/**
 * The owner's meta data, comments and all, completed by what is not in it. The owner's own `instance-id` stays: it is
 * how somebody tells a guest to run first-boot modules again.
 * Throws `invalid-spec` naming `meta_data` where that is no YAML mapping or its network part cannot be used.
 */
export function mergeMetaData(own: Uint8Array | undefined, defaults: Readonly<Record<string, string>>): MetaData {
  const { document, mapping } = readYamlMapping(own ?? new Uint8Array(), 'meta_data', { uniqueKeys: true });
  const networkConfig = takeNetworkConfig(mapping);
  for (const [key, value] of Object.entries(defaults)) {
    if (isUnset(mapping, key)) mapping.set(key, quoted(value));
  }
  return { text: textOf(document), networkConfig };
}

function takeNetworkConfig(mapping: YAMLMap): string | undefined {
  if (mapping.has('network.encoding')) {
    throw invalidSpec('meta_data', '"network.encoding" is not supported', 'Write the network configuration as YAML');
  }
  const said = NETWORK_KEYS.filter((key) => mapping.has(key));
  const [key] = said;
  if (key === undefined) return undefined;
  if (said.length > 1) {
    throw invalidSpec('meta_data', `it has both "${said.join('" and "')}"`, 'Keep one of them');
  }
  const value = mapping.get(key, true);
  mapping.delete(key);
  if (isMap(value)) return textOf(new Document(value, { schema: 'failsafe' }));
  if (isScalar(value) && typeof value.value === 'string' && value.value.trim() !== '') return value.value;
  throw invalidSpec('meta_data', `"${key}" is neither a mapping nor text`, 'Write the network configuration under it');
}

function textOf(document: Document): string {
  try {
    return document.toString({ lineWidth: 0 });
  } catch (cause) {
    throw new Fault(
      'invalid-spec',
      {
        subject: 'meta_data',
        why: 'an alias leads to nothing, or from its network configuration into the rest of it',
        remedy: 'Write the values out',
      },
      { cause },
    );
  }
}

function isUnset(mapping: YAMLMap, key: string): boolean {
  const value = mapping.get(key);
  return value === undefined || value === null || value === '';
}

/** In quotes, so that a name such as `123` or `on` stays a name. */
function quoted(value: string): Scalar {
  const scalar = new Scalar(value);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}
