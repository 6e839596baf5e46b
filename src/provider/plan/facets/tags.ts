import { formatTags, parseTags } from '#pve/codec/tags';
import { type Facet, optionChanges } from '../facet.ts';

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
    const wanted = formatTags(have.inUse === undefined ? spec.tags : [...present, ...spec.tags]);
    return formatTags(present) === wanted ? {} : optionChanges(have, { tags: wanted });
  },
};
