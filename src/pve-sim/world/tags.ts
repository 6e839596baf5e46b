// Tags as they are stored: each once, joined by semicolons; by default in lower case and sorted (pve-behaviour 21).
import type { TagStyle } from './datacenter.ts';

export function splitList(text: string): string[] {
  return text.split(/[,;\s\0]+/).filter((part) => part !== '');
}

export function normaliseTags(text: string, { caseSensitive, sorted }: TagStyle): string {
  const tags = splitList(caseSensitive ? text : text.toLowerCase());
  const unique = [...new Set(tags)];
  return (sorted ? unique.sort() : unique).join(';');
}
