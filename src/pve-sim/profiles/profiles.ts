// The versions that can be played. 7.0 is there for a smoke test only.
import { createProfile, type Profile } from './profile.ts';

const ALL: readonly Profile[] = [
  createProfile({ release: '7.0', version: '7.0-13', repoid: '7aa7e488', kernel: '5.11.22-4-pve', qemu: '6.0.0' }),
  createProfile({ release: '7.4', version: '7.4-16', repoid: '0f39f621', kernel: '5.15.107-2-pve', qemu: '7.2.0' }),
  createProfile({
    release: '8.1',
    version: '8.1.4',
    repoid: 'ec5affc9e41f1d79',
    kernel: '6.5.11-8-pve',
    qemu: '8.1.5',
  }),
  createProfile({
    release: '8.4',
    version: '8.4.21',
    repoid: '2606ac850d46da29',
    kernel: '6.8.12-20-pve',
    qemu: '9.2.0',
  }),
  createProfile({
    release: '9.1',
    version: '9.1.9',
    repoid: 'ee7bad0a3d1546c9',
    kernel: '6.17.4-1-pve',
    qemu: '10.1.2',
  }),
  createProfile({
    release: '9.2',
    version: '9.2.11',
    repoid: '5b5e2ea3d0b24dbb',
    kernel: '6.17.13-2-pve',
    qemu: '10.2.1',
  }),
];

export const PROFILE_NAMES: readonly string[] = ALL.map(({ release }) => release);

/** @param name a release such as `9.1` */
export function profileOf(name: string): Profile {
  const profile = ALL.find(({ release }) => release === name);
  if (profile === undefined) throw new Error(`there is no profile for PVE ${name}; known: ${PROFILE_NAMES.join(', ')}`);
  return profile;
}
