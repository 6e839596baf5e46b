// Which options of a guest's config are numbers in JSON (pve-behaviour 1.6): integers and booleans are, all else is text.
// Hence memory is a number where it is no property string yet.
import type { Profile } from '../profiles/profile.ts';
import { vmOptions } from './vm-options.ts';

export function jsonValue(profile: Profile, option: string, text: string): string | number {
  const type = option === 'snaptime' ? 'integer' : vmOptions(profile)[option]?.type;
  return (type === 'integer' || type === 'boolean') && /^[+-]?\d+$/.test(text) ? Number(text) : text;
}
