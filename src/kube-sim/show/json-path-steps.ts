// The text of a JSON path, in steps.
import type { Json } from '../object.ts';

export type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'all' }
  | { readonly kind: 'descendants' }
  | { readonly kind: 'slice'; readonly from: number; readonly to: number | undefined; readonly by: number }
  | { readonly kind: 'union'; readonly of: readonly Step[] }
  | { readonly kind: 'filter'; readonly filter: Filter };

export interface Filter {
  readonly left: Operand;
  readonly operator: 'exists' | '==' | '!=' | '<' | '<=' | '>' | '>=';
  readonly right: Operand;
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'path'; readonly steps: readonly Step[] };

/** A step at the beginning of a text: `..`, `.name` (a dot within a name is written `\.`), `[...]`. */
const DESCENDANTS = /^\.\.(?=[^.[])/;
const NAME = /^\.?((?:\\.|[^.[\]\\\s])+)/;
const BRACKET = /^\[((?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\((?:[^()]|\([^()]*\))*\)|[^\]'"(])*)\]/;

const FILTER = /^\?\((.*)\)$/s;
const SLICE = /^(-?\d+)?(?:(:)(-?\d+)?(?::(\d+))?)?$/;
const QUOTED = /^(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")$/s;
const COMPARISON = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/s;

/** Throws a SyntaxError that names the path. */
export function parseSteps(path: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = path.trim().replace(/^\$/, '');
  while (rest !== '' && rest !== '.') {
    const [step, length] = next(rest, path);
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

function next(rest: string, path: string): readonly [step: Step, length: number] {
  const descendants = DESCENDANTS.exec(rest);
  if (descendants !== null) return [{ kind: 'descendants' }, 1];
  const bracket = BRACKET.exec(rest.replace(/^\.(?=\[)/, ''));
  if (bracket !== null) return [inBrackets(bracket[1] ?? '', path), bracket[0].length + (rest.startsWith('.') ? 1 : 0)];
  const name = NAME.exec(rest);
  if (name === null) throw new SyntaxError(`not a JSON path: ${path}`);
  return [named(unescaped(name[1] ?? '')), name[0].length];
}

function named(name: string): Step {
  return name === '*' ? { kind: 'all' } : { kind: 'field', name };
}

function inBrackets(text: string, path: string): Step {
  const inner = text.trim();
  if (inner === '*') return { kind: 'all' };
  const filter = FILTER.exec(inner);
  if (filter !== null) return { kind: 'filter', filter: parseFilter(filter[1] ?? '') };
  const parts = inner.split(/,(?=(?:[^'"]|'[^']*'|"[^"]*")*$)/).map((part) => single(part.trim(), path));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'union', of: parts };
}

function single(part: string, path: string): Step {
  const quoted = QUOTED.exec(part);
  if (quoted !== null) return { kind: 'field', name: unescaped(quoted[1] ?? quoted[2] ?? '') };
  const slice = SLICE.exec(part);
  if (slice === null || part === '') throw new SyntaxError(`not an index in a JSON path: [${part}] in ${path}`);
  const from = Number(slice[1] ?? 0);
  const to = slice[2] === undefined ? afterOne(from) : numberOrNone(slice[3]);
  return { kind: 'slice', from, to, by: Number(slice[4] ?? 1) || 1 };
}

/** `[n]` is the slice that ends after n; the last one (`[-1]`) ends with the list. */
function afterOne(from: number): number | undefined {
  return from === -1 ? undefined : from + 1;
}

function numberOrNone(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function parseFilter(text: string): Filter {
  const comparison = COMPARISON.exec(text.trim());
  if (comparison === null)
    return { left: parseOperand(text), operator: 'exists', right: { kind: 'literal', value: null } };
  const [, left = '', operator, right = ''] = comparison;
  return { left: parseOperand(left), operator: operator as Filter['operator'], right: parseOperand(right) };
}

function parseOperand(text: string): Operand {
  const operand = text.trim();
  const quoted = QUOTED.exec(operand);
  if (quoted !== null) return { kind: 'literal', value: unescaped(quoted[1] ?? quoted[2] ?? '') };
  if (operand === 'true' || operand === 'false') return { kind: 'literal', value: operand === 'true' };
  if (/^-?\d+(\.\d+)?$/.test(operand)) return { kind: 'literal', value: Number(operand) };
  return { kind: 'path', steps: parseSteps(operand.replace(/^[@$]/, '')) };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, '$1');
}
