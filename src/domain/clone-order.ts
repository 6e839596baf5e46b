import type { GuestDocument } from './guest-document.ts';
import type { ObjectRef } from './object-ref.ts';
import type { DiskSpec } from './vm-spec.ts';
import type { NicWish, SshKeys } from './virtual-machine.ts';

/** What a VMClone asks for. */
export interface CloneOrder {
  /** The VirtualMachine that is copied; undefined where the snapshot says which. */
  readonly source: ObjectRef | undefined;
  /** The VMSnapshot of it that is copied, instead of its present. */
  readonly snapshot: ObjectRef | undefined;
  readonly target: CloneTarget;
  readonly linked: boolean;
  /** Undefined: as the VirtualMachine that becomes of it says. */
  readonly powerOn: boolean | undefined;
  readonly storage: string | undefined;
  readonly customization: Customization;
}

/** The VirtualMachine that becomes of it; what is undefined is as at the source. */
export interface CloneTarget extends ObjectRef {
  readonly vmClass: ObjectRef | undefined;
  readonly policy: ObjectRef | undefined;
  readonly networks: readonly NicWish[] | undefined;
  readonly disks: readonly DiskSpec[] | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What differs in the guest. */
export interface Customization {
  readonly hostname: string | undefined;
  readonly domain: string | undefined;
  readonly timeZone: string | undefined;
  /** In order: the first is `net0` of the source. */
  readonly networks: readonly CustomizedNic[] | undefined;
  readonly userData: GuestDocument | undefined;
  readonly sshKeys: SshKeys | undefined;
  readonly tags: readonly string[];
}

export interface CustomizedNic {
  readonly name: string;
  readonly dhcp: boolean | undefined;
  readonly ipAddress: string | undefined;
  readonly subnetMask: string | undefined;
  readonly gateway: string | undefined;
  readonly dns: readonly string[];
  readonly mac: string | undefined;
}
