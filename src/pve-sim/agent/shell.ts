// The programs inside a guest: a small shell, and as much of the usual tools as is needed to see that a command arrived.
// Everything happens at once; what would have taken time is counted.

/** What programs read and change. */
export interface Machine {
  readonly hostname: string;
  readonly kernel: string;
  /** By path; every character is a byte. */
  readonly files: Record<string, string>;
  /** Absolute paths. */
  readonly programs: readonly string[];
}

export interface Outcome {
  exitcode: number;
  out: string;
  err: string;
  /** How long it would have run. */
  tookMs: number;
}

type Program = (args: readonly string[], stdin: string, machine: Machine) => Partial<Outcome>;

const NOT_FOUND = 127;

/** The path of a program, looked up as execvp does; undefined where there is none. */
export function findProgram(machine: Machine, name: string): string | undefined {
  if (name.includes('/')) return machine.programs.includes(name) ? name : undefined;
  return ['/usr/bin', '/bin'].map((folder) => `${folder}/${name}`).find((path) => machine.programs.includes(path));
}

export function runProgram(machine: Machine, path: string, args: readonly string[], stdin: string): Outcome {
  const program = PROGRAMS[path.slice(path.lastIndexOf('/') + 1)] ?? (() => ({}));
  return { exitcode: 0, out: '', err: '', tookMs: 0, ...program(args, stdin, machine) };
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  sh: shell,
  bash: shell,
  cat: (args, stdin, { files }) => {
    const names = args.filter((arg) => arg !== '-');
    const missing = names.find((name) => files[name] === undefined);
    if (missing !== undefined) return { exitcode: 1, err: `cat: ${missing}: No such file or directory\n` };
    return { out: names.length === 0 ? stdin : names.map((name) => files[name] ?? '').join('') };
  },
  echo: (args) => (args[0] === '-n' ? { out: args.slice(1).join(' ') } : { out: `${args.join(' ')}\n` }),
  false: () => ({ exitcode: 1 }),
  hostname: (_, __, { hostname }) => ({ out: `${hostname}\n` }),
  ls: (args, _, { files }) => {
    const folder = `${(args.at(-1) ?? '/').replace(/\/$/, '')}/`;
    const names = Object.keys(files).filter((path) => path.startsWith(folder));
    return {
      out: [...new Set(names.map((path) => path.slice(folder.length).split('/')[0]))].map((n) => `${n}\n`).join(''),
    };
  },
  printf: ([format = '', ...args]) => {
    const rest = [...args];
    const text = format.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
    return { out: text.replaceAll(/%[sd]/g, () => rest.shift() ?? '') };
  },
  rm: (args, _, { files }) => {
    for (const path of args) delete files[path];
    return {};
  },
  sleep: ([seconds = '0']) => ({ tookMs: Number(seconds) * 1000 }),
  touch: (args, _, { files }) => {
    for (const path of args) files[path] ??= '';
    return {};
  },
  uname: ([option], _, { hostname, kernel }) => ({
    out: `${option === '-r' ? kernel : option === '-n' ? hostname : 'Linux'}\n`,
  }),
};

/** `sh -c SCRIPT`, or a script on its standard input. */
function shell([option, script]: readonly string[], stdin: string, machine: Machine): Outcome {
  const total: Outcome = { exitcode: 0, out: '', err: '', tookMs: 0 };
  let joint = ';';
  for (const token of listOf(option === '-c' ? (script ?? '') : stdin)) {
    if (token.words.length > 0 && isNext(joint, total.exitcode)) {
      const [name = '', ...args] = token.words;
      if (name === 'exit') return { ...total, exitcode: Number(args[0] ?? total.exitcode) };
      merge(total, redirected(machine, token, simple(machine, name, args, token.input)));
    }
    if (token.joint !== undefined) joint = token.joint;
  }
  return total;
}

function isNext(joint: string, exitcode: number): boolean {
  if (joint === '&&') return exitcode === 0;
  return joint !== '||' || exitcode !== 0;
}

function simple(machine: Machine, name: string, args: readonly string[], input: string | undefined): Outcome {
  const path = findProgram(machine, name);
  const stdin = input === undefined ? '' : (machine.files[input] ?? '');
  if (path !== undefined) return runProgram(machine, path, args, stdin);
  return { exitcode: NOT_FOUND, out: '', err: `sh: 1: ${name}: not found\n`, tookMs: 0 };
}

function merge(total: Outcome, outcome: Outcome): void {
  total.exitcode = outcome.exitcode;
  total.out += outcome.out;
  total.err += outcome.err;
  total.tookMs += outcome.tookMs;
}

interface Step {
  readonly words: string[];
  /** `>`, `>>`, `2>` and their targets: a path or `&1`, `&2`. */
  readonly outputs: { readonly sign: string; readonly target: string }[];
  input: string | undefined;
  /** What stands behind it. */
  joint: string | undefined;
}

function redirected({ files }: Machine, { outputs }: Step, outcome: Outcome): Outcome {
  const result = { ...outcome };
  for (const { sign, target } of outputs) {
    const from = sign.startsWith('2') ? 'err' : 'out';
    const text = result[from];
    result[from] = '';
    if (target === '&1') result.out += text;
    else if (target === '&2') result.err += text;
    else if (target !== '/dev/null') files[target] = sign.endsWith('>>') ? (files[target] ?? '') + text : text;
  }
  return result;
}

const TOKEN =
  /\s*(?:(&&|\|\||[;\n])|([12]?>>?|<)\s*(&[12]|(?:[^\s;&|<>'"\\]|'[^']*'|"[^"]*")+)|((?:[^\s;&|<>'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+))/gy;

/** A script as commands and what joins them. */
function listOf(script: string): Step[] {
  const steps: Step[] = [];
  let step: Step = { words: [], outputs: [], input: undefined, joint: undefined };
  for (const [, joint, sign, target, word] of script.matchAll(TOKEN)) {
    if (word !== undefined) step.words.push(unquoted(word));
    else if (sign === '<') step.input = unquoted(target ?? '');
    else if (sign !== undefined) step.outputs.push({ sign, target: unquoted(target ?? '') });
    else {
      step.joint = joint === '\n' ? ';' : joint;
      steps.push(step);
      step = { words: [], outputs: [], input: undefined, joint: undefined };
    }
  }
  return [...steps, step];
}

function unquoted(word: string): string {
  return word.replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
  );
}
