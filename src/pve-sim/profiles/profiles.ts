import type { Profile } from './profile.ts';
import { PVE_9_1 } from './pve-9.1.ts';

const PROFILES: Readonly<Record<string, Profile>> = { '9.1': PVE_9_1 };

export function profileOf(name: string): Profile {
  const profile = PROFILES[name];
  if (profile === undefined)
    throw new Error(`there is no profile for PVE ${name}; known: ${Object.keys(PROFILES).join(', ')}`);
  return profile;
}
