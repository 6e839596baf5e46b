// A list, page by page, as of one moment.
import { type ObjectList, isExpired } from './api.ts';
import type { KubeObject } from './object.ts';
import { apiVersionOf, type Resource } from './resource.ts';

const PAGE = 500;

interface Page {
  readonly items?: unknown;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

export type Query = Readonly<Record<string, string>>;

/**
 * @param read one page of it. Where the server has forgotten the moment of the first page before the last was read, all are
 *   read again at once, which cannot be overtaken.
 */
export async function listPages(resource: Resource, read: (query: Query) => Promise<unknown>): Promise<ObjectList> {
  try {
    return await inPages(resource, read);
  } catch (error) {
    if (!isExpired(error)) throw error;
    return pageOf(resource, await read({}));
  }
}

async function inPages(resource: Resource, read: (query: Query) => Promise<unknown>): Promise<ObjectList> {
  const items: KubeObject[] = [];
  for (let from: string | undefined; ; ) {
    const page = pageOf(
      resource,
      await read({ limit: String(PAGE), ...(from === undefined ? {} : { continue: from }) }),
    );
    items.push(...page.items);
    from = page.next;
    if (from === undefined) return { items, resourceVersion: page.resourceVersion };
  }
}

function pageOf(resource: Resource, answer: unknown): ObjectList & { readonly next: string | undefined } {
  const { items, metadata } = answer as Page;
  if (!Array.isArray(items)) throw new Error(`the answer is no list of ${resource.plural}`);
  const next = metadata?.continue;
  return {
    // Kinds of Kubernetes itself leave out in lists what the list says already.
    items: items.map((item: KubeObject) =>
      (item.kind as string | undefined) === undefined
        ? { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind }
        : item,
    ),
    resourceVersion: metadata?.resourceVersion ?? '',
    next: next === '' ? undefined : next,
  };
}
