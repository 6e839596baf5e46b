import { describe, expect, it } from 'vitest';
import { type ParsedFlags, type ProgramFlags, parseFlags } from './flags.ts';

const parse = (...args: string[]): ParsedFlags => parseFlags(args, 'provider-proxmox');
const DEFAULTS: ProgramFlags = { host: '', port: 9443, healthPort: 8080, timeScale: 1 };

describe('parseFlags', () => {
  it.each<[string[], Partial<ProgramFlags>]>([
    [[], {}],
    [['-port', '9'], { port: 9 }],
    [['--port=9'], { port: 9 }],
    [['--port', '9'], { port: 9 }],
    [['-port=9'], { port: 9 }],
    [['--port=9090', '--health-port=8081'], { port: 9090, healthPort: 8081 }],
    [['--port', '1', '--port', '2'], { port: 2 }],
    [['--time-scale', '12.5'], { timeScale: 12.5 }],
    [['--host', '127.0.0.1'], { host: '127.0.0.1' }],
  ])('%j', (args, flags) => {
    expect(parse(...args)).toEqual({ kind: 'run', flags: { ...DEFAULTS, ...flags } });
  });

  it.each([['--version'], ['-version']])('%s asks for the version', (arg) => {
    expect(parse(arg)).toEqual({ kind: 'version' });
  });

  it.each<[string, string[], string]>([
    ['an unknown flag', ['--prot=9'], 'flag provided but not defined: -prot'],
    ['a name every object has', ['--toString'], 'flag provided but not defined: -toString'],
    ['a flag without a value', ['--port'], 'flag needs an argument: -port'],
    ['a port that is no number', ['--port', 'x'], 'invalid value "x" for flag -port: parse error'],
    ['an empty port', ['--port='], 'invalid value "" for flag -port: parse error'],
    ['a port that is too high', ['--port=65536'], 'invalid value "65536" for flag -port: value out of range'],
    ['time that stands still', ['--time-scale=0'], 'invalid value "0" for flag -time-scale: value out of range'],
    ['a word', ['serve'], 'unexpected argument: serve'],
    ['dashes alone', ['--'], 'unexpected argument: --'],
  ])('%s ends with 2, the reason and the usage', (_, args, reason) => {
    const parsed = parse(...args);
    expect(parsed).toMatchObject({ kind: 'usage', exitCode: 2 });
    expect(parsed.kind === 'usage' && parsed.text).toBe(`${reason}\n${USAGE}`);
  });

  it.each([['-h'], ['--help']])('%s shows the usage and ends with 0', (arg) => {
    expect(parse(arg)).toEqual({ kind: 'usage', text: USAGE, exitCode: 0 });
  });
});

const USAGE = `Usage of provider-proxmox:
  -host string
    \taddress to serve on, all where empty
  -port int
    \tport of the gRPC server (default 9443)
  -health-port int
    \tport of health checks and metrics (default 8080)
  -time-scale float
    \thow fast time runs, for tests (default 1)
  -version
    \tprint the version and exit
`;
