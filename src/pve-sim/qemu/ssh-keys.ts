import { sshKeysOf } from '../cloudinit/guest-facts.ts';
import { failure } from '../pve-error.ts';

const KEY =
  /^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-\S+@openssh\.com) [A-Za-z0-9+/]{20,}={0,3}(?: .*)?$/;

/** The value is percent-encoded, one key per line. @throws 500 as ssh-keygen's refusal reads (pve-behaviour 18.2) */
export function checkSshKeys(value: string | undefined): void {
  if (value === undefined || value === '') return;
  const keys = sshKeysOf({ sshkeys: value }).filter((line) => !line.startsWith('#'));
  if (keys.length === 0 || !keys.every((key) => KEY.test(key))) throw failure('SSH public key validation error');
}
