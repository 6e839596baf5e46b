// What the control endpoint answers: the world, the journal, and the levers of a test.
import { z } from 'zod';
import { writeSnippet } from '../cloudinit/snippets.ts';
import { faultRule } from '../faults.ts';
import { cutNetwork, expectVotes } from '../nodes/power.ts';
import { nowSeconds } from '../sim.ts';
import type { Simulator } from '../simulator.ts';
import { LIVE_PAGE } from './live-page.ts';
import { liveView } from './live-view.ts';
import { guestPatch, patchGuest } from './patch-guest.ts';
import { patchUser, userPatch } from './patch-user.ts';
import { plainWorld } from './plain-world.ts';

export interface ControlRequest {
  readonly simulator: Simulator;
  /** What the path's pattern has captured. */
  readonly captured: readonly string[];
  readonly query: URLSearchParams;
  /** The JSON body, undefined where none was sent. */
  readonly body: unknown;
}

export interface ControlRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: RegExp;
  /** Bytes and pages go out as they are, all else as JSON. */
  readonly handle: (request: ControlRequest) => unknown;
}

const daemon = z.enum(['running', 'stopped', 'frozen']).optional();
const nodePatch = z.strictObject({
  online: z.boolean().optional(),
  api: daemon,
  worker: daemon,
  expectedVotes: z.number().int().positive().optional(),
  /** Whether its HA manager runs. */
  haManager: z.boolean().optional(),
});
const cut = z.strictObject({ groups: z.array(z.array(z.string())) });
const snippet = z.strictObject({ volid: z.string(), text: z.string(), node: z.string().optional() });

/** HTML. */
export class Page {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

const heldLock = z.strictObject({ lock: z.string(), seconds: z.number().positive(), node: z.string().optional() });

export const CONTROL_ROUTES: readonly ControlRoute[] = [
  { method: 'GET', path: /^\/$/, handle: () => new Page(LIVE_PAGE) },
  {
    method: 'GET',
    path: /^\/live$/,
    handle: ({ simulator, query }) => liveView(simulator, query.get('find') ?? ''),
  },
  { method: 'GET', path: /^\/info$/, handle: info },
  { method: 'GET', path: /^\/world$/, handle: ({ simulator }) => plainWorld(simulator.world) },
  { method: 'GET', path: /^\/world\/volume$/, handle: volumeContent },
  {
    method: 'POST',
    path: /^\/world\/vms\/(\d+)$/,
    handle: ({ simulator, captured, body }) => patchGuest(simulator.world, Number(captured[0]), guestPatch.parse(body)),
  },
  {
    method: 'POST',
    path: /^\/world\/users\/([^/]+)$/,
    handle: ({ simulator, captured, body }) =>
      patchUser(simulator.world, captured[0] ?? '', userPatch.parse(body), nowSeconds(simulator.sim)),
  },
  {
    method: 'GET',
    path: /^\/journal$/,
    handle: ({ simulator, query }) => simulator.journal.after(Number(query.get('after') ?? 0)),
  },
  {
    method: 'POST',
    path: /^\/faults$/,
    handle: ({ simulator, body }) => simulator.faults.add(z.array(faultRule).parse(body)),
  },
  { method: 'DELETE', path: /^\/faults$/, handle: ({ simulator }) => simulator.faults.clear() },
  { method: 'POST', path: /^\/locks$/, handle: holdLock },
  { method: 'POST', path: /^\/snippets$/, handle: placeSnippet },
  { method: 'POST', path: /^\/nodes\/([^/]+)$/, handle: patchNode },
  {
    method: 'POST',
    path: /^\/network$/,
    handle: ({ simulator, body }) => cutNetwork(simulator.sim, cut.parse(body).groups),
  },
];

function info({ simulator }: ControlRequest): unknown {
  const { nodes, ca, token, rootToken, rootPassword, clock } = simulator;
  return { nodes, ca, token, rootToken, rootPassword, timeScale: clock.factor, now: clock.now() };
}

/** What a guest would see: the bytes of an uploaded file, or the documents of a cloud-init drive. */
function volumeContent({ simulator, query }: ControlRequest): unknown {
  const volid = query.get('volid') ?? '';
  const node = query.get('node') ?? '';
  const { volumes } = simulator.world;
  const { data, seed } = volumes[`${node}/${volid}`] ?? volumes[`/${volid}`] ?? {};
  if (seed !== undefined) return { label: seed.label, files: seed.files };
  if (data === undefined) throw new Error(`there is no content of volume '${volid}' on node '${node}'`);
  return data;
}

async function holdLock({ simulator, body }: ControlRequest): Promise<void> {
  const { lock, seconds, node } = heldLock.parse(body);
  const release = await simulator.holdLock(lock, seconds * 1000, node);
  if (release === undefined) throw new Error(`lock '${lock}' is held by somebody else`);
}

function placeSnippet({ simulator, body }: ControlRequest): void {
  const { volid, text, node } = snippet.parse(body);
  const { world, nodes } = simulator;
  writeSnippet(world, node ?? nodes[0]?.name ?? '', volid, text, nowSeconds(simulator.sim));
}

async function patchNode({ simulator, captured, body }: ControlRequest): Promise<void> {
  const [name = ''] = captured;
  const { online, api, worker, expectedVotes, haManager } = nodePatch.parse(body);
  if (simulator.world.nodes[name] === undefined) throw new Error(`there is no node '${name}'`);
  if (online !== undefined) await simulator.setNodeOnline(name, online);
  if (api !== undefined) await simulator.setDaemon(name, 'api', api);
  if (worker !== undefined) await simulator.setDaemon(name, 'worker', worker);
  if (expectedVotes !== undefined) expectVotes(simulator.sim, name, expectedVotes);
  if (haManager === undefined) return;
  const { ha } = simulator.world;
  const others = ha.managers.filter((other) => other !== name);
  ha.managers = haManager ? [...others, name] : others;
}
