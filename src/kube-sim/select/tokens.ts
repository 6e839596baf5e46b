// The words of a label selector: `tier in (web,db),!absent`.

export interface Token {
  readonly kind: 'word' | 'operator' | 'error' | 'end';
  readonly text: string;
}

const OPERATORS = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '(', 'in', 'notin']);
const PARTS = /[ \t\r\n]+|[=!(),<>]+|[^ \t\r\n=!(),<>]+/g;

/** Ends with one token of kind `end`. */
export function tokensOf(selector: string): Token[] {
  const parts = selector.match(PARTS) ?? [];
  const tokens = parts.flatMap((part) => {
    if (/^[ \t\r\n]/.test(part)) return [];
    if (/^[=!(),<>]/.test(part)) return symbols(part);
    return [{ kind: OPERATORS.has(part) ? 'operator' : 'word', text: part } as const];
  });
  return [...tokens, { kind: 'end', text: '' }];
}

/** The longest operators first: `!==` is `!=` and `=`. All symbols are operators by themselves. */
function symbols(run: string): Token[] {
  const found = run.match(/==|!=|[=!(),<>]/g) ?? [];
  return found.map((text) => ({ kind: 'operator', text }));
}
