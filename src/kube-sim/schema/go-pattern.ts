// Patterns are written for Go. What it spells otherwise is respelled; what neither knows matches nothing.

const CLASSES: Readonly<Record<string, string>> = {
  '[:alnum:]': 'A-Za-z0-9',
  '[:alpha:]': 'A-Za-z',
  '[:digit:]': '0-9',
  '[:lower:]': 'a-z',
  '[:upper:]': 'A-Z',
  '[:space:]': String.raw`\t\n\v\f\r `,
  '[:word:]': String.raw`\w`,
  '[:xdigit:]': '0-9A-Fa-f',
  '[:punct:]': String.raw`!-\/:-@\[-\x60{-~`,
};

const compiled = new Map<string, RegExp | undefined>();
const MOST_KEPT = 1000;

/** Undefined for a pattern that cannot be read. */
export function goPattern(pattern: string): RegExp | undefined {
  if (!compiled.has(pattern)) {
    if (compiled.size >= MOST_KEPT) compiled.clear();
    compiled.set(pattern, compile(pattern));
  }
  return compiled.get(pattern);
}

function compile(pattern: string): RegExp | undefined {
  const [, flags = '', rest = pattern] = /^\(\?([ims]+)\)([^]*)$/.exec(pattern) ?? [];
  const source = rest
    .replaceAll(/\[:\w+:\]/g, (name) => CLASSES[name] ?? name)
    .replaceAll(/\\A/g, '^')
    .replaceAll(/\\z/g, '$')
    .replaceAll('(?P<', '(?<');
  return tryCompile(source, `${flags}u`) ?? tryCompile(source, flags);
}

function tryCompile(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}
