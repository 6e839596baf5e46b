/** The words of some lines of text: long lists of names as data. */
export function words(...lines: readonly string[]): string[] {
  return lines.join(' ').split(' ');
}
