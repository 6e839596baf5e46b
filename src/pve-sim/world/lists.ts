/** A list in one text, as PVE takes it: parted by commas, semicolons, blanks or NUL. */
export function splitList(text: string): string[] {
  return text.split(/[,;\s\0]+/).filter((part) => part !== '');
}
