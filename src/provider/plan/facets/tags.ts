import { formatTags, parseTags } from '#pve/codec/tags';
import { type Change, type Facet, optionChanges } from '../facet.ts';
import type { Have } from '../wish.ts';

/** The tags of the request instead of the template's, or beside those of a VM in use; one without tags changes none. */
export const tags: Facet = {
  name: 'tags',
  live: [
    { change: 'a tag that is new', live: 'hot' },
    { change: 'a tag that is no longer named', live: 'kept', note: 'nobody can tell whose it is' },
  ],
  diff: ({ spec }, have) => {
    if (spec.tags.length === 0) return {};
    const present = parseTags(have.values['tags'] ?? '');
    if (have.inUse !== undefined) return moreTags(have, present, spec.tags);
    const wanted = formatTags(spec.tags);
    return formatTags(present) === wanted ? {} : optionChanges(have, { tags: wanted });
  },
};

/** Those of others go back as they came: a datacenter may tell upper from lower case, and keep an order of its own. */
function moreTags(have: Have, present: readonly string[], wanted: readonly string[]): Change {
  const known = new Set(present.map((tag) => tag.toLowerCase()));
  const missing = parseTags(formatTags(wanted)).filter((tag) => !known.has(tag));
  return missing.length === 0 ? {} : optionChanges(have, { tags: [...present, ...missing].join(';') });
}
