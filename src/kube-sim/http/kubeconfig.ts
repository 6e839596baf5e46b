// The file by which kubectl finds the server and is let in.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

export interface Access {
  readonly url: string;
  /** PEM */
  readonly ca: string;
  readonly token: string;
}

const NAME = 'virtrigaud';

function kubeconfigOf({ url, ca, token }: Access): string {
  const authority = Buffer.from(ca).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster: { server: url, 'certificate-authority-data': authority } }],
    users: [{ name: NAME, user: { token } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME } }],
    'current-context': NAME,
  });
}

/** Nobody else may read it, and nobody ever reads half of it. */
export function writeKubeconfig(folder: string, access: Access): string {
  const file = join(folder, 'kubeconfig');
  const fresh = `${file}.new`;
  writeFileSync(fresh, kubeconfigOf(access), { mode: 0o600 });
  renameSync(fresh, file);
  return file;
}
