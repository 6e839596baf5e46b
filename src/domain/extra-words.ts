/** Words of ours in a class's extra settings, for callers whose requests have no field for them: each means its field. */
export const EXTRA_WORDS = [
  { key: 'machine', field: 'class_json.Machine', about: 'Machine type, such as `q35`' },
  { key: 'storage', field: 'class_json.Storage', about: 'PVE storage for the disks' },
  {
    key: 'cloneMode',
    field: 'class_json.CloneMode',
    about: '`full` or `linked`: how templates are copied where the image does not say',
  },
  { key: 'pool', field: 'placement_json.Pool', about: 'PVE pool the VM joins' },
  { key: 'node', field: 'placement_json.Host', about: 'The node the VM has to be on' },
] as const;
