import { hostNames, sshKeysOf, type Source } from './guest-facts.ts';

/** The `#cloud-config` that PVE makes of a guest's options (pve-behaviour 18.4; golden vectors `cloudinit`). */
export function userData(source: Source): string {
  const { config } = source;
  const { hostname, fqdn } = hostNames(source);
  const { ciuser: user, cipassword: password } = config;
  const keys = sshKeysOf(config);
  return lines(
    '#cloud-config',
    `hostname: ${hostname}`,
    'manage_etc_hosts: true',
    `fqdn: ${fqdn}`,
    ...(user === undefined ? [] : [`user: ${user}`]),
    ...(user === 'root' ? ['disable_root: False'] : []),
    ...(password === undefined ? [] : [`password: ${password}`]),
    ...(keys.length === 0 ? [] : ['ssh_authorized_keys:', ...keys.map((key) => `  - ${key}`)]),
    'chpasswd:',
    '  expire: False',
    ...(user === 'root' ? [] : ['users:', '  - default']),
    ...(config['ciupgrade'] === '0' ? [] : ['package_upgrade: true']),
  );
}

function lines(...texts: readonly string[]): string {
  return `${texts.join('\n')}\n`;
}
