// The provider's command line, as Go's flag package reads it: `-port 9`, `--port=9` and `--port 9` are one.

export interface ProgramFlags {
  /** Address to serve on; empty for all. */
  readonly host: string;
  readonly port: number;
  readonly healthPort: number;
  /** How fast this program's time runs. */
  readonly timeScale: number;
}

export type ParsedFlags =
  | { readonly kind: 'run'; readonly flags: ProgramFlags }
  | { readonly kind: 'version' }
  /** For stderr, then exit with `exitCode`: 0 where help was asked for, else 2. */
  | { readonly kind: 'usage'; readonly text: string; readonly exitCode: 0 | 2 };

type FlagRow =
  | {
      readonly type: 'int' | 'float';
      readonly initial: number;
      readonly min: number;
      readonly max: number;
      readonly usage: string;
    }
  | { readonly type: 'string'; readonly initial: string; readonly usage: string };

const PORT = { type: 'int', min: 0, max: 65_535 } as const;

const FLAGS = {
  host: { type: 'string', initial: '', usage: 'address to serve on, all where empty' },
  port: { ...PORT, initial: 9443, usage: 'port of the gRPC server' },
  'health-port': { ...PORT, initial: 8080, usage: 'port of health checks and metrics' },
  'time-scale': { type: 'float', initial: 1, min: 1, max: 200, usage: 'how fast time runs, for tests' },
} as const satisfies Readonly<Record<string, FlagRow>>;

type FlagName = keyof typeof FLAGS;

/** Reads the arguments after the program's name; the caller prints and exits. */
export function parseFlags(args: readonly string[], program: string): ParsedFlags {
  const texts = new Map<FlagName, string>();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, name, inline] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) return usage(program, `unexpected argument: ${arg}`);
    if (name === 'version') return { kind: 'version' };
    if (name === 'h' || name === 'help') return { kind: 'usage', text: usageText(program), exitCode: 0 };
    if (!isFlag(name)) return usage(program, `flag provided but not defined: -${name}`);
    const text = inline ?? rest.shift();
    if (text === undefined) return usage(program, `flag needs an argument: -${name}`);
    const problem = problemOf(FLAGS[name], text);
    if (problem !== undefined) {
      return usage(program, `invalid value ${JSON.stringify(text)} for flag -${name}: ${problem}`);
    }
    texts.set(name, text);
  }
  const textOf = (name: FlagName): string => texts.get(name) ?? String(FLAGS[name].initial);
  const numberOf = (name: FlagName): number => Number(textOf(name));
  return {
    kind: 'run',
    flags: {
      host: textOf('host'),
      port: numberOf('port'),
      healthPort: numberOf('health-port'),
      timeScale: numberOf('time-scale'),
    },
  };
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

/** Why `text` is no value of the flag; undefined where it is one. */
function problemOf(row: FlagRow, text: string): string | undefined {
  if (row.type === 'string') return undefined;
  if (!(row.type === 'int' ? /^\d+$/ : /^\d+(\.\d+)?$/).test(text)) return 'parse error';
  const value = Number(text);
  return value >= row.min && value <= row.max ? undefined : 'value out of range';
}

function usage(program: string, problem: string): ParsedFlags {
  return { kind: 'usage', text: `${problem}\n${usageText(program)}`, exitCode: 2 };
}

function usageText(program: string): string {
  const rows = Object.entries(FLAGS).map(
    ([name, row]) =>
      `  -${name} ${row.type}\n    \t${row.usage}${row.initial === '' ? '' : ` (default ${row.initial})`}\n`,
  );
  return `Usage of ${program}:\n${rows.join('')}  -version\n    \tprint the version and exit\n`;
}
