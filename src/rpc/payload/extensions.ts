// What travels beyond VirtRigaud's own contract, in one table (the docs are rendered from it). Providers that do not
// know these keys ignore them; everything works without them, with less to say.

export interface Extension {
  /** The request field, or `metadata` for gRPC metadata. */
  readonly field:
    | 'class_json'
    | 'image_json'
    | 'image_json of ImagePrepare'
    | 'networks_json'
    | 'disks_json'
    | 'placement_json'
    | 'customize_json'
    | 'metadata';
  readonly key: string;
  readonly type: string;
  readonly meaning: string;
  /** A value as it stands on the wire. */
  readonly example: unknown;
}

export const EXTENSIONS: readonly Extension[] = [
  {
    field: 'class_json',
    key: 'Machine',
    type: 'text',
    meaning: 'Machine type: `q35`, `pc` or a versioned one of PVE',
    example: 'q35',
  },
  {
    field: 'class_json',
    key: 'Storage',
    type: 'text',
    meaning: 'PVE storage for the disks (`storage.class` of a VMClass; its `type` travels as `DiskDefaults.Type`)',
    example: 'nvme-storage',
  },
  {
    field: 'class_json',
    key: 'CloneMode',
    type: '`full` or `linked`',
    meaning:
      'How templates are copied where the image does not say; also `cloneMode` in `ExtraConfig`, which the unmodified manager sends',
    example: 'linked',
  },
  {
    field: 'image_json',
    key: 'CloneMode',
    type: '`full` or `linked`',
    meaning: 'How a template is copied; it wins over the class. Default: `full`',
    example: 'linked',
  },
  {
    field: 'image_json',
    key: 'Snapshot',
    type: 'text',
    meaning: 'The snapshot of the template or VM that is copied, instead of its present',
    example: 'golden',
  },
  {
    field: 'image_json',
    key: 'Node',
    type: 'text',
    meaning: 'The node that the template, ISO or disk image is on',
    example: 'pve2',
  },
  {
    field: 'image_json of ImagePrepare',
    key: 'Nodes',
    type: 'list of texts',
    meaning:
      'The nodes that are each to have a template of the URL, `*` for every node that has the storage of its disk. In a VMImage `source.proxmox.nodes`, or several names separated by commas (or `*`) in `source.proxmox.node`, which the unmodified manager sends',
    example: ['pve1', 'pve2'],
  },
  {
    field: 'image_json',
    key: 'Storage',
    type: 'text',
    meaning: 'PVE storage for the boot disk (and all other disks of a full clone)',
    example: 'local-zfs',
  },
  {
    field: 'image_json',
    key: 'ISO',
    type: 'text',
    meaning:
      'Volume of an installation ISO; the VM is made with a blank boot disk. `TemplateName` takes such a volume too, and one of an image to import, as `Path` does',
    example: 'local:iso/debian-12.iso',
  },
  {
    field: 'image_json',
    key: 'Blank',
    type: 'true or false',
    meaning: 'The VM is made with a blank boot disk and nothing to install from',
    example: true,
  },
  {
    field: 'networks_json',
    key: 'StaticIP',
    type: 'text',
    meaning:
      'One IPv4 and one IPv6 address separated by a comma, each with its own `/prefix`; `Gateway` likewise (the contract has one IPv4 address)',
    example: '192.168.1.5/24,2001:db8::5/64',
  },
  {
    field: 'networks_json',
    key: 'MTU',
    type: 'number',
    meaning: 'MTU of the NIC, which has to be a `virtio` one; 1 is that of its bridge',
    example: 9000,
  },
  {
    field: 'networks_json',
    key: 'Firewall',
    type: 'true or false',
    meaning: "PVE's firewall looks at the NIC; `false` leaves it as it is",
    example: true,
  },
  { field: 'networks_json', key: 'RateLimitMBps', type: 'whole number', meaning: 'Limit in MB a second', example: 100 },
  { field: 'disks_json', key: 'Storage', type: 'text', meaning: 'PVE storage for this disk', example: 'ceph' },
  {
    field: 'placement_json',
    key: 'Nodes',
    type: 'list of texts',
    meaning: 'The only nodes the VM may be on; of those that can take it the one with the most free memory is used',
    example: ['pve1', 'pve2'],
  },
  {
    field: 'placement_json',
    key: 'AvoidIDs',
    type: 'list of texts',
    meaning: 'Ids of VMs it must not share a node with',
    example: ['100101'],
  },
  {
    field: 'placement_json',
    key: 'MaxVMsPerNode',
    type: 'whole number',
    meaning: 'A node with that many VMs takes no more',
    example: 10,
  },
  {
    field: 'placement_json',
    key: 'MinFreeMemoryMiB',
    type: 'whole number, MiB',
    meaning: 'What has to stay free on the node',
    example: 4096,
  },
  { field: 'placement_json', key: 'Pool', type: 'text', meaning: 'PVE pool the VM joins', example: 'production' },
  {
    field: 'customize_json',
    key: 'snapshot',
    type: 'text',
    meaning:
      "The source's snapshot that a Clone copies, instead of its present: PVE's name of it, or what it was asked for as",
    example: 'before-upgrade',
  },
  {
    field: 'customize_json',
    key: 'sshKeys',
    type: 'list of texts',
    meaning: 'Public keys that may log in to a Clone, which reach cloud-init as `public-keys`',
    example: ['ssh-ed25519 AAAA me'],
  },
  {
    field: 'metadata',
    key: 'virtrigaud-owner-namespace',
    type: 'text',
    meaning: 'Namespace of the VirtualMachine asked for',
    example: 'default',
  },
  {
    field: 'metadata',
    key: 'virtrigaud-owner-name',
    type: 'text',
    meaning: 'Name of the VirtualMachine asked for',
    example: 'web-server',
  },
  {
    field: 'metadata',
    key: 'virtrigaud-owner-uid',
    type: 'text',
    meaning:
      'UID of the VirtualMachine asked for; with it two of one name are told apart. A Delete or Describe with an empty `id` means the VM of this owner, also one that is being made: for a manager that has asked for it and never heard of its id. Such a Delete answers when the owner is proven to have none',
    example: '2f1d6c1e-6a1b-4c1e-9d57-0f2f6f0f8a11',
  },
  {
    field: 'metadata',
    key: 'virtrigaud-object-uid',
    type: 'text',
    meaning:
      'UID of the object that asks. Of a VMSnapshot, in a SnapshotCreate: two of one name are told apart, and the same one may change its description. In a Clone the uid by which the clone is known from then on, as a VM is by that of its VirtualMachine; 100 bytes at most',
    example: '7c0f1f55-9a3b-4a52-8f0e-0c8f3c3b9d10',
  },
  {
    field: 'metadata',
    key: 'virtrigaud-asked-seconds-ago',
    type: 'whole number',
    meaning:
      'How long ago, in seconds, this Power or SnapshotRevert was first asked for. A REBOOT, or a way back to that snapshot, that has been begun since then is waited for, and not repeated: for a manager that ended before it heard the answer',
    example: '12.345',
  },
];
