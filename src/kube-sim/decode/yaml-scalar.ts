// What a word without quotes means in YAML, for Go: `On` is true (recording 020), `010` is 8, `1:30` is text.

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);

const INTEGERS: readonly { readonly form: RegExp; readonly base: number }[] = [
  { form: /^([-+]?)0[xX]([0-9a-fA-F]+)$/, base: 16 },
  { form: /^([-+]?)0[bB]([01]+)$/, base: 2 },
  { form: /^([-+]?)0[oO]?([0-7]+)$/, base: 8 },
  { form: /^([-+]?)(0|[1-9][0-9]*)$/, base: 10 },
];
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** Text, a number, a boolean or null. */
export function plainScalar(word: string): string | number | boolean | null {
  const known = WORDS.get(word);
  if (known !== undefined) return known;
  if (!/^[-+.0-9]/.test(word)) return word;
  const digits = word.startsWith('.') ? word : word.replaceAll('_', '');
  const number = integer(digits) ?? (FLOAT.test(digits) ? Number(digits) : undefined);
  return number === undefined || !Number.isFinite(number) ? word : number;
}

function integer(word: string): number | undefined {
  for (const { form, base } of INTEGERS) {
    const [, sign, digits] = form.exec(word) ?? [];
    if (digits !== undefined) return (sign === '-' ? -1 : 1) * Number.parseInt(digits, base) + 0;
  }
  return undefined;
}
