// What the HA managers write down: the master's status of nodes and services, and how far each node's own manager (LRM) is.

export type CrmState =
  | 'request_start'
  | 'request_stop'
  | 'started'
  | 'stopped'
  | 'migrate'
  | 'relocate'
  | 'fence'
  | 'recovery'
  | 'error';

export interface HaService {
  state: CrmState;
  /** Where it is, as the master has it. */
  node: string;
  /** Where it goes. */
  target: string | undefined;
  /** Of a stop: how long the guest may take; undefined is the usual time, 0 is at once. */
  timeoutMs: number | undefined;
  running: boolean;
  /** What the node's manager has made of the present state. */
  outcome: 'ok' | 'failed' | undefined;
  /** Something has happened that a round has yet to see, or that the last one has seen and the next will act on. */
  news: 'fresh' | 'seen' | undefined;
  /** The wanted state that was seen last. */
  wanted: string;
  /** Failed starts on this node, and the nodes that were tried because of them. */
  failedStarts: number;
  readonly tried: string[];
}

export interface HaNode {
  state: 'online' | 'unknown' | 'fence' | 'gone';
  /** ms of the world's time: when it was last seen. */
  seenAt: number;
}

export interface HaCommand {
  readonly sid: string;
  readonly act: 'migrate' | 'relocate' | 'stop';
  /** Of a move. */
  readonly target?: string;
  /** Of a stop. */
  readonly timeoutMs?: number | undefined;
  seen: boolean;
}

export interface Lrm {
  state: 'wait_for_agent_lock' | 'active';
  /** What it has told last: a round with work to do tells at its end, which is when the next one begins. */
  told: Lrm['state'];
  toldAt: number;
  /** When it last had quorum, and when it last had something to do. */
  quorateAt: number;
  busyAt: number;
}

export interface ManagerStatus {
  master: string | undefined;
  /** ms of the world's time; of the master's last round. */
  at: number;
  readonly nodes: Record<string, HaNode>;
  readonly services: Record<string, HaService>;
  commands: HaCommand[];
  readonly lrms: Record<string, Lrm>;
}

export function emptyManagerStatus(): ManagerStatus {
  return { master: undefined, at: 0, nodes: {}, services: {}, commands: [], lrms: {} };
}
