import { formatTags, parseTags } from '#pve/codec/tags';
import { type Facet, optionChanges } from '../facet.ts';

/** The tags of the request instead of the template's; a request without tags leaves those alone. */
export const tags: Facet = {
  name: 'tags',
  diff: ({ spec }, have) => {
    if (spec.tags.length === 0) return {};
    const wanted = formatTags(spec.tags);
    return formatTags(parseTags(have.values['tags'] ?? '')) === wanted ? {} : optionChanges(have, { tags: wanted });
  },
};
