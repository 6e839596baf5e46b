// User data reaches the guest byte for byte. Only `#cloud-config` is looked into, since an error in it shows up on the
// guest's console at best; scripts, includes, MIME, gzip, Jinja and Ignition are cloud-init's own business.
import { invalidSpec } from '#domain/fault';
import { readYamlMapping } from './read-yaml.ts';

/** Well above what real documents need, well below the 4 MiB that a gRPC message may have. */
const MAX_BYTES = 2 * 1024 ** 2;

/** Throws `invalid-spec` naming `user_data` where it is over 2 MiB, or a `#cloud-config` that is no YAML mapping. */
export function checkUserData(userData: Uint8Array): void {
  if (userData.length > MAX_BYTES) {
    throw invalidSpec(
      'user_data',
      `it has ${userData.length} bytes, ${MAX_BYTES} are the most`,
      'Let the guest fetch large files itself, for example by an #include of a URL',
    );
  }
  if (isCloudConfig(userData)) readYamlMapping(userData, 'user_data', { uniqueKeys: false });
}

/** As cloud-init tells it: by the first word, in any case, after blanks. `#cloud-config-archive` is something else. */
function isCloudConfig(userData: Uint8Array): boolean {
  const start = new TextDecoder('latin1').decode(userData.subarray(0, 1024)).trimStart().toLowerCase();
  return /^#cloud-config(?!-)/.test(start);
}
