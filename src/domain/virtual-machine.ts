import type { GuestDocument, SecretEntry } from './guest-document.ts';
import type { ObjectRef } from './object-ref.ts';
import type { Owner } from './owner.ts';
import type { PowerState } from './power.ts';
import type { DiskSpec, NicSpec, PlacementSpec } from './vm-spec.ts';

/** What a VirtualMachine says by itself; what it refers to is not looked into. */
export interface VirtualMachine {
  /** The DNS name of the VM. */
  readonly name: string;
  readonly owner: Owner;
  readonly powerState: PowerState;
  readonly provider: ObjectRef | undefined;
  readonly vmClass: ObjectRef | undefined;
  readonly image: ImageWish | undefined;
  /** Above those of its class. */
  readonly cpus: number | undefined;
  readonly memoryMib: number | undefined;
  readonly networks: readonly NicWish[] | undefined;
  readonly disks: readonly DiskSpec[] | undefined;
  readonly tags: readonly string[];
  readonly userData: GuestDocument | undefined;
  readonly metaData: GuestDocument | undefined;
  readonly sshKeys: SshKeys | undefined;
  readonly placement: PlacementSpec;
  readonly policy: ObjectRef | undefined;
  readonly shutdownTimeoutMs: number;
}

/** A VMImage, or a volume that becomes the boot disk. */
export type ImageWish = { readonly vmImage: ObjectRef } | { readonly volume: string };

/** A NIC, with the VMNetworkAttachment it is on. */
export interface NicWish {
  readonly nic: NicSpec;
  readonly attachment: ObjectRef | undefined;
}

/** Public keys, one a line. */
export interface SshKeys {
  readonly inline: string | undefined;
  readonly secret: SecretEntry | undefined;
}
