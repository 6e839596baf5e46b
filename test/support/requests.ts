// Requests as VirtRigaud's Go manager sends them: PascalCase keys, every key present, nothing said as null, "" or 0.
import { create } from '@bufbuild/protobuf';
import { type CreateRequest, CreateRequestSchema } from '#rpc/contract';

export interface CreateParts {
  readonly name?: string;
  readonly class?: Record<string, unknown>;
  readonly image?: Record<string, unknown>;
  readonly networks?: unknown[] | null;
  readonly disks?: unknown[] | null;
  readonly placement?: Record<string, unknown>;
  readonly tags?: string[];
  readonly userData?: string;
  readonly metaData?: string;
}

const goClass = {
  CPU: 2,
  MemoryMiB: 4096,
  Firmware: 'BIOS',
  DiskDefaults: null,
  GuestToolsPolicy: 'install',
  ExtraConfig: null,
  PerformanceProfile: null,
  SecurityProfile: null,
  ResourceLimits: null,
};

const goImage = {
  TemplateName: 'ubuntu-22-template',
  Path: '',
  URL: '',
  Format: 'template',
  Checksum: '',
  ChecksumType: 'sha256',
};

const goNic = {
  Name: 'lan',
  Portgroup: '',
  NetworkName: '',
  Bridge: '',
  VLAN: 0,
  Model: '',
  MacAddress: '',
  IPPolicy: '',
  StaticIP: '',
  Prefix: 0,
  Gateway: '',
  DNS: '',
  PCISlotNumber: null,
};

export const nic = (change: Record<string, unknown> = {}): Record<string, unknown> => ({ ...goNic, ...change });
export const rootDisk = (sizeGib: number): Record<string, unknown> => ({
  SizeGiB: sizeGib,
  Type: 'thin',
  Name: 'root',
});

export function createRequest(parts: CreateParts = {}): CreateRequest {
  const bytes = (text: string | undefined): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text ?? '');
  return create(CreateRequestSchema, {
    name: parts.name ?? 'web-server',
    classJson: JSON.stringify({ ...goClass, ...parts.class }),
    imageJson: JSON.stringify({ ...goImage, ...parts.image }),
    networksJson: JSON.stringify(parts.networks ?? null),
    disksJson: JSON.stringify(parts.disks ?? null),
    placementJson: parts.placement === undefined ? '' : JSON.stringify(parts.placement),
    tags: parts.tags ?? [],
    userData: bytes(parts.userData),
    metaData: bytes(parts.metaData),
  });
}

/** A Reconfigure as the manager sends it: the whole create request in one object. What is said nowhere is null. */
export function reconfigureRequest(id: string, parts: CreateParts = {}): { id: string; desiredJson: string } {
  const { userData, metaData } = parts;
  const desired = {
    Name: parts.name ?? 'web-server',
    Class: { ...goClass, ...parts.class },
    Image: { ...goImage, ...parts.image },
    Networks: parts.networks ?? null,
    Disks: parts.disks ?? null,
    UserData: userData === undefined ? null : { CloudInitData: userData, Type: 'cloud-init' },
    MetaData: metaData === undefined ? null : { MetaDataYAML: metaData },
    Placement: parts.placement ?? null,
    Tags: parts.tags ?? null,
  };
  return { id, desiredJson: JSON.stringify(desired) };
}
