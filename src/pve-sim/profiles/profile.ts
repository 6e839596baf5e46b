// A version of PVE to be played: its numbers, and which of the differences between versions it has.
import { type Feature, hasFeature } from './features.ts';

export interface Profile {
  /** `8.4` */
  readonly release: string;
  /** `8.4.21` */
  readonly version: string;
  readonly repoid: string;
  readonly kernel: string;
  readonly qemu: string;
  has(feature: Feature): boolean;
}

export function createProfile(numbers: Omit<Profile, 'has'>): Profile {
  return { ...numbers, has: (feature) => hasFeature(numbers.release, feature) };
}

/** What depends on the version, once per profile: schemas and the like are built on their first use. */
export function perProfile<T>(make: (profile: Profile) => T): (profile: Profile) => T {
  const made = new Map<Profile, T>();
  return (profile) => {
    const known = made.get(profile);
    if (known !== undefined) return known;
    const value = make(profile);
    made.set(profile, value);
    return value;
  };
}
