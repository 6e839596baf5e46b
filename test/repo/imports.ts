import { parseSync } from 'oxc-parser';

export interface Import {
  /** From the root of the repository, `/` between folders. */
  readonly file: string;
  readonly specifier: string;
  /** `import type`: nothing of the target runs. */
  readonly typeOnly: boolean;
}

/** Every import, re-export and `import()` of one source file; throws where it does not parse. */
export function importsOf(file: string, source: string): Import[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const found = (specifier: string, typeOnly: boolean): Import => ({ file, specifier, typeOnly });
  return [
    ...module.staticImports.map((it) => found(it.moduleRequest.value, isTypeOnly(source, it))),
    ...module.staticExports.flatMap((it) =>
      [...new Set(it.entries.map((entry) => entry.moduleRequest?.value))]
        .filter((specifier) => specifier !== undefined)
        .map((specifier) => found(specifier, isTypeOnly(source, it))),
    ),
    ...module.dynamicImports.map((it) =>
      found(unquote(source.slice(it.moduleRequest.start, it.moduleRequest.end)), false),
    ),
  ];
}

/** By the text of the statement: `import { type A } from` still loads the module when Node.js strips the types. */
function isTypeOnly(source: string, statement: { readonly start: number; readonly end: number }): boolean {
  return /^(import|export)\s+type\b/.test(source.slice(statement.start, statement.end));
}

/** What is no plain string stays as it is written, and is then a library nobody has. */
function unquote(text: string): string {
  return /^(['"`]).*\1$/.test(text) ? text.slice(1, -1) : text;
}
