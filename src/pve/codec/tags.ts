// The `tags` option: a list that PVE splits on commas, semicolons and blanks and stores joined with semicolons.

/** The tags in a stored value, in stored order; none for an empty one or the blank that `tags=""` leaves behind. */
export function parseTags(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter((tag) => tag !== '');
}

/**
 * The value to store: lower-case, sorted, each once, as PVE itself does by default on an update (pve-behaviour 21,
 * 28.10). Not to be sent when empty: delete the option instead.
 */
export function formatTags(tags: readonly string[]): string {
  return [...new Set(tags.map((tag) => tag.toLowerCase()))].sort().join(';');
}
