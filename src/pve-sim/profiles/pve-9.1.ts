import type { Profile } from './profile.ts';

export const PVE_9_1: Profile = {
  version: { version: '9.1.9', release: '9.1', repoid: 'ee7bad0a3d1546c9' },
  kernel: '6.17.4-1-pve',
  qemu: '10.1.2',
};
