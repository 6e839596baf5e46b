// The guest agent (pve-behaviour 17).
import { everybody, perm, permAny, type Rule } from '../access/rules.ts';
import { askAgent, raiseAgentError } from '../agent/ask.ts';
import { readFile, writeFile } from '../agent/files.ts';
import { AgentError, type Inside } from '../agent/inside.ts';
import { setPassword } from '../agent/passwords.ts';
import { POWER_ACTS, powerInside } from '../agent/power.ts';
import { execute, processStatus } from '../agent/processes.ts';
import { QUERIES } from '../agent/queries.ts';
import { type Profile, perProfile } from '../profiles/profile.ts';
import { failure, PveError } from '../pve-error.ts';
import { guestParams } from '../schema/endpoint-params.ts';
import { choice, flag, integer, optional, type Property, text } from '../schema/property.ts';
import type { Sim } from '../sim.ts';
import { splitList } from '../world/lists.ts';
import { type Call, type Endpoint, intParam, needInt, needText, textParam } from './endpoint.ts';
import { addressOf } from './guest-calls.ts';

const BASE = '/nodes/{node}/qemu/{vmid}/agent';
const MOST_READ = 16_777_216;

type Right = (profile: Profile) => Rule;

/** One of these since 9; before, one privilege for all of them. */
function right(...privileges: readonly string[]): Right {
  const rule = privileges.length === 1 ? perm('/vms/{vmid}', ...privileges) : permAny('/vms/{vmid}', ...privileges);
  return (profile) => (profile.has('guestAgentPrivileges') ? rule : perm('/vms/{vmid}', 'VM.Monitor'));
}

const ANYTHING = 'VM.GuestAgent.Unrestricted';
const AUDIT = 'VM.GuestAgent.Audit';
const FILE_SYSTEMS = 'VM.GuestAgent.FileSystemMgmt';

/** Commands without parameters and who may give them; in the order of PVE. */
const RIGHTS: Readonly<Record<string, Right>> = {
  'fsfreeze-freeze': right(FILE_SYSTEMS, ANYTHING),
  'fsfreeze-status': right(AUDIT, FILE_SYSTEMS, ANYTHING),
  'fsfreeze-thaw': right(FILE_SYSTEMS, ANYTHING),
  fstrim: right(FILE_SYSTEMS, ANYTHING),
  'get-fsinfo': right(AUDIT, ANYTHING),
  'get-host-name': right(AUDIT, ANYTHING),
  'get-memory-block-info': right(AUDIT, ANYTHING),
  'get-memory-blocks': right(AUDIT, ANYTHING),
  'get-osinfo': right(AUDIT, ANYTHING),
  'get-time': right(AUDIT, ANYTHING),
  'get-timezone': right(AUDIT, ANYTHING),
  'get-users': right(AUDIT, ANYTHING),
  'get-vcpus': right(AUDIT, ANYTHING),
  info: right(AUDIT, ANYTHING),
  'network-get-interfaces': right(AUDIT, ANYTHING),
  ping: right(AUDIT, ANYTHING),
  shutdown: right('VM.PowerMgmt', ANYTHING),
  'suspend-disk': right('VM.PowerMgmt', ANYTHING),
  'suspend-hybrid': right('VM.PowerMgmt', ANYTHING),
  'suspend-ram': right('VM.PowerMgmt', ANYTHING),
};

const WITH_PARAMETERS = ['exec', 'exec-status', 'file-read', 'file-write', 'set-user-password'];

const execCommand = (profile: Profile): Property =>
  profile.has('agentCommandArray')
    ? { type: 'array', items: text() }
    : optional(text({ format: { name: 'string-alist', list: true, check: () => undefined } }));

export const QEMU_AGENT: readonly Endpoint[] = [
  {
    method: 'GET',
    path: BASE,
    params: guestParams,
    allow: everybody,
    handle: () => [...Object.keys(RIGHTS), ...WITH_PARAMETERS].toSorted().map((name) => ({ name })),
  },
  {
    method: 'POST',
    path: BASE,
    params: { ...guestParams, command: choice(...Object.keys(RIGHTS)) },
    allow: right(ANYTHING, ANYTHING),
    handle: async (call) => await ask(call, needText(call.params, 'command')),
  },
  ...Object.entries(RIGHTS).map(
    ([command, allow]): Endpoint => ({
      method: /^(?:get-|info$|network-)/.test(command) ? 'GET' : 'POST',
      path: `${BASE}/${command}`,
      params: guestParams,
      allow,
      protected: true,
      handle: async (call) => await ask(call, command),
    }),
  ),
  {
    method: 'POST',
    path: `${BASE}/exec`,
    params: perProfile((profile) => ({
      ...guestParams,
      command: execCommand(profile),
      'input-data': optional(text({ maxLength: 65_536 })),
    })),
    allow: right(ANYTHING),
    handle: exec,
  },
  {
    method: 'GET',
    path: `${BASE}/exec-status`,
    params: { ...guestParams, pid: integer() },
    allow: right(ANYTHING),
    protected: true,
    handle: async (call) =>
      await tell(call, 'exec-status', (inside) => processStatus(inside, needInt(call.params, 'pid'))),
  },
  {
    method: 'POST',
    path: `${BASE}/set-user-password`,
    params: {
      ...guestParams,
      crypted: flag(),
      password: text({ minLength: 5, maxLength: 1024 }),
      username: text(),
    },
    allow: right(ANYTHING),
    handle: async (call) => {
      const { params } = call;
      const [user, password] = [needText(params, 'username'), needText(params, 'password')];
      return { result: await tell(call, 'set-user-password', (inside) => setPassword(inside, user, password)) };
    },
  },
  {
    method: 'GET',
    path: `${BASE}/file-read`,
    params: perProfile((profile) => ({
      ...guestParams,
      file: text(),
      ...(profile.has('agentFileRanges')
        ? {
            count: optional(integer({ minimum: 1, maximum: MOST_READ })),
            decode: flag(),
            offset: optional(integer({ minimum: 0 })),
          }
        : {}),
    })),
    allow: right('VM.GuestAgent.FileRead', ANYTHING),
    protected: true,
    handle: read,
  },
  {
    method: 'POST',
    path: `${BASE}/file-write`,
    params: { ...guestParams, content: text({ maxLength: 61_440 }), encode: flag(), file: text() },
    allow: right('VM.GuestAgent.FileWrite', ANYTHING),
    handle: write,
  },
];

/** An error of the agent is a result like any other. */
async function ask(call: Call, command: string): Promise<{ result: unknown }> {
  const answer = await askAgent(call.sim, { ...addressOf(call), command }, (inside) =>
    perform(call.sim, inside, command),
  );
  return { result: answer instanceof AgentError ? { error: { ...answer } } : answer };
}

function perform(sim: Sim, inside: Inside, command: string): unknown {
  const act = POWER_ACTS.find((name) => name === command);
  return act === undefined ? QUERIES[command]?.(inside) : powerInside(sim, inside, act);
}

/** @throws `Agent error: ...` */
async function tell<T>(call: Call, command: string, answer: (inside: Inside) => T | AgentError): Promise<T> {
  return raiseAgentError<T>(await askAgent<T | AgentError>(call.sim, { ...addressOf(call), command }, answer));
}

async function exec(call: Call): Promise<{ pid: number }> {
  const { sim, params } = call;
  const command = commandOf(params['command']);
  const input = textParam(params, 'input-data') ?? '';
  const started = await tell(call, 'exec', (inside) => execute(inside, command, input));
  if (started !== undefined) return started;
  // The agent's error has quotes that are no Latin-1: the daemon breaks on them as a reason phrase (pve-behaviour 26).
  await sim.pace.wait(sim.durations.brokenPhraseMs);
  throw new PveError(596, 'Broken pipe');
}

/** Before 8 one text: separated by NUL where there is one, else by blanks. */
function commandOf(value: string | readonly string[] | undefined): readonly string[] {
  if (typeof value !== 'string') return value ?? [];
  return value.includes('\0') ? value.split('\0') : splitList(value);
}

async function read(call: Call): Promise<Record<string, unknown>> {
  const { params } = call;
  const wish = {
    file: needText(params, 'file'),
    offset: intParam(params, 'offset') ?? 0,
    count: intParam(params, 'count') ?? MOST_READ,
  };
  const { content, ...rest } = await tell(call, 'file-open', (inside) => readFile(inside, wish));
  const isEncoded = params['decode'] === '0';
  return { ...rest, content: isEncoded ? Buffer.from(String(content), 'latin1').toString('base64') : content };
}

async function write(call: Call): Promise<void> {
  const { params } = call;
  const content = needText(params, 'content');
  const isEncoded = params['encode'] === '0';
  if (!isEncoded && !isLatin1(content)) throw failure('Wide character in subroutine entry');
  const bytes = isEncoded ? Buffer.from(content, 'base64').toString('latin1') : content;
  await tell(call, 'file-open', (inside) => writeFile(inside, needText(params, 'file'), bytes));
}

function isLatin1(text: string): boolean {
  return Buffer.from(text, 'latin1').toString('latin1') === text;
}
