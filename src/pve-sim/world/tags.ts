// Tags as they are stored: each once, joined by semicolons; by default in lower case and sorted (pve-behaviour 21).
import type { TagStyle } from './datacenter.ts';
import { splitList } from './lists.ts';

export function normaliseTags(text: string, { caseSensitive, sorted }: TagStyle): string {
  const tags = splitList(caseSensitive ? text : text.toLowerCase());
  const unique = [...new Set(tags)];
  return (sorted ? unique.sort() : unique).join(';');
}
