// What can go wrong, as a closed list. Rooms that talk to the outside turn what they hear into one of these;
// one table (rpc/status.ts) turns these into gRPC codes. A person's mistake is never `internal`.

export type FaultKind =
  /** The request itself is wrong: a value, a name, a combination. Sending it again cannot help. */
  | 'invalid-spec'
  | 'not-found'
  | 'already-exists'
  /** The token of ours lacks a privilege. */
  | 'forbidden'
  /** PVE does not accept our credentials. */
  | 'unauthenticated'
  /** Whoever was called does not answer. A provider never says so of PVE: see ADR 9. */
  | 'unavailable'
  /** The world is not in a state in which this may be done; somebody has to change something first. */
  | 'precondition'
  /** Somebody works on it, or we do not know yet: the same request later will get on. */
  | 'busy'
  | 'exhausted'
  | 'cancelled'
  /** Not wired in this version. */
  | 'unsupported'
  | 'internal';

/** The parts of a message; `message` joins them in the one order every text of ours has. */
export interface FaultText {
  /** The object: `VM web-server (100123 on pve2)`, `class_json.CPU`. */
  readonly subject: string;
  /** What was to be done: `create`, `power on`. */
  readonly wanted?: string;
  readonly why: string;
  /** A sentence without the final stop: what the reader can do about it. */
  readonly remedy?: string;
}

export interface FaultOptions {
  readonly cause?: unknown;
}

/** Longest message sent to a caller, in characters. */
export const MAX_MESSAGE_LENGTH = 512;

/**
 * An error with a kind and a message for a person:
 * `<subject>: <wanted>: <why>. <remedy>.`, one line, at most 512 characters, no secrets.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;
  readonly text: FaultText;

  constructor(kind: FaultKind, text: FaultText, options: FaultOptions = {}) {
    super(faultMessage(text), options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.text = text;
  }
}

/** `<subject>: <wanted>: <why>. <remedy>.` on one line, cut to 512 characters. */
export function faultMessage(text: FaultText): string {
  const head = [text.subject, text.wanted, text.why].filter((part) => part !== undefined && part !== '').join(': ');
  const sentences = [head, text.remedy].filter((part) => part !== undefined && part !== '');
  return oneLine(sentences.map((sentence) => ended(String(sentence).trim())).join(' '));
}

function ended(sentence: string): string {
  return /[.?]$/.test(sentence) ? sentence : `${sentence}.`;
}

function oneLine(message: string): string {
  const flat = message.replace(/\s+/g, ' ').trim();
  return flat.length <= MAX_MESSAGE_LENGTH ? flat : `${flat.slice(0, MAX_MESSAGE_LENGTH - 1)}…`;
}

export function invalidSpec(field: string, why: string, remedy?: string): Fault {
  return new Fault('invalid-spec', remedy === undefined ? { subject: field, why } : { subject: field, why, remedy });
}
