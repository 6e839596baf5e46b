// DELETE of a collection: each object by itself. The answer is the list as it was.
import { readCurrent } from '../store/objects.ts';
import type { Api, Call } from './api.ts';
import { deleteObject } from './delete.ts';
import { readDeleteOptions } from './delete-options.ts';
import { list, type Listing, takeAll, takeOnce } from './list.ts';
import { readListOptions } from './list-options.ts';

export function deleteCollection(api: Api, call: Call): Listing {
  const options = readDeleteOptions(call);
  const listing = list(api, call, { ...readListOptions(call.query), watch: false });
  const items = [...takeAll(listing)].map((item) => ({ ...item, object: item.object() }));
  for (const { object } of items) {
    const { namespace = '', name } = object.metadata;
    const current = readCurrent(api.log, call.kind, namespace, name);
    if (current !== undefined) deleteObject(api, call, current, options);
  }
  return {
    revision: listing.revision,
    take: takeOnce(items.map(({ text, object }) => ({ text, object: () => object }))),
    more: listing.more,
  };
}
