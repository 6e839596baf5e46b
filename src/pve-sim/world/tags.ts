// Tags as the default tag style stores them: lower case, each once, sorted, joined by semicolons (pve-behaviour 21).

export function splitList(text: string): string[] {
  return text.split(/[,;\s\0]+/).filter((part) => part !== '');
}

export function normaliseTags(text: string): string {
  return [...new Set(splitList(text).map((tag) => tag.toLowerCase()))].sort().join(';');
}
