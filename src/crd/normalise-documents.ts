import { Fault, invalidSpec } from '#domain/fault';
import type { VirtualMachineSpec } from './virtual-machine.ts';

type UserData = VirtualMachineSpec['userData'];
type Document = NonNullable<UserData>['cloudInit'];

/** The document for the guest, byte for byte: cloud-init's, or Ignition's, which travels the same way. */
export function normaliseUserData(userData: UserData, path: string): Uint8Array | undefined {
  const cloudInit = normaliseDocument(userData?.cloudInit, `${path}.cloudInit`);
  const ignition = normaliseDocument(userData?.ignition, `${path}.ignition`);
  if (cloudInit !== undefined && ignition !== undefined) {
    throw invalidSpec(path, 'cloudInit and ignition are both set, and a guest reads one of them', 'Keep one');
  }
  return cloudInit ?? ignition;
}

/** undefined where it is absent or empty. Throws `unsupported` for one that is kept in a Secret. */
export function normaliseDocument(document: Document, path: string): Uint8Array | undefined {
  if (document?.secretRef !== undefined) {
    throw new Fault('unsupported', {
      subject: `${path}.secretRef`,
      why: 'documents in Secrets are not supported by this version',
      remedy: 'Write the document into inline',
    });
  }
  const text = document?.inline ?? '';
  return text === '' ? undefined : new TextEncoder().encode(text);
}
