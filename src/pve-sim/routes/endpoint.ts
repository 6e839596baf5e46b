// What one API endpoint is made of, and what its handler gets. The pipeline around it is in server/dispatch.
import type { Rule } from '../access/rules.ts';
import type { Process } from '../process.ts';
import type { Feature } from '../profiles/features.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Schema } from '../schema/property.ts';
import type { Verified } from '../schema/verify.ts';
import type { UploadedFile } from '../server/multipart.ts';
import type { Sim } from '../sim.ts';

export interface Call {
  readonly sim: Sim;
  /** The node the request was sent to. */
  readonly receivedBy: string;
  /** Which of that node's API workers has it: each keeps its own copy of the cluster view. */
  readonly apiWorker: number;
  /** A user id or a full token id. */
  readonly user: string;
  readonly params: Verified;
  /** The version of the node that works on it. */
  readonly profile: Profile;
  readonly upload: UploadedFile | undefined;
  /** The call as a process of the node that works on it. */
  readonly process: Process;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/nodes/{node}/qemu/{vmid}/config`; a last `{volume}` takes the rest of the path. */
  readonly path: string;
  /** Undefined where every version that is played has it. */
  readonly feature?: Feature;
  /** A function where versions differ; it is called once per profile (`perProfile`). */
  readonly params: Schema | ((profile: Profile) => Schema);
  readonly allow: Rule | ((profile: Profile) => Rule);
  /** Executed by the node that received it although its path names another. */
  readonly stays?: boolean;
  /** A read that pveproxy hands to pvedaemon, which runs as root (pve-behaviour 2); every write is handed over as well. */
  readonly protected?: boolean;
  /** Refuses API tokens. */
  readonly ticketOnly?: boolean;
  readonly handle: (call: Call) => unknown;
}

export function paramsOf({ params }: Endpoint, profile: Profile): Schema {
  return typeof params === 'function' ? params(profile) : params;
}

export function allowOf({ allow }: Endpoint, profile: Profile): Rule {
  return typeof allow === 'function' ? allow(profile) : allow;
}

export function isOfNode({ path }: Endpoint): boolean {
  return path.startsWith('/nodes/{node}/');
}

export function isProtected(endpoint: Endpoint): boolean {
  return endpoint.protected ?? endpoint.method !== 'GET';
}

/** A list that tells how many rows there are in all. */
export class Page {
  readonly data: unknown;
  readonly total: number;

  constructor(data: unknown, total: number) {
    this.data = data;
    this.total = total;
  }
}

/** A list with the changes to it that wait to be applied. */
export class Changed {
  readonly data: unknown;
  readonly changes: string | undefined;

  constructor(data: unknown, changes: string | undefined) {
    this.data = data;
    this.changes = changes;
  }
}

/** Text that is answered as it is, whatever format was asked for. */
export class Download {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export function textParam(params: Verified, name: string): string | undefined {
  const value = params[name];
  return typeof value === 'string' ? value : undefined;
}

/** A parameter that the schema has already demanded. */
export function needText(params: Verified, name: string): string {
  const value = textParam(params, name);
  if (value === undefined) throw new Error(`the schema let a call without ${name} pass`);
  return value;
}

export function intParam(params: Verified, name: string): number | undefined {
  const value = textParam(params, name);
  return value === undefined ? undefined : Number(value);
}

/** Seconds as milliseconds. */
export function secondsParam(params: Verified, name: string): number | undefined {
  const seconds = intParam(params, name);
  return seconds === undefined ? undefined : seconds * 1000;
}

export function needInt(params: Verified, name: string): number {
  return Number(needText(params, name));
}

/** Those of the parameters that are options of the schema, for a section of a file. */
export function sentOptions(params: Verified, schema: Schema): Record<string, string> {
  return Object.fromEntries(
    Object.keys(schema).flatMap((name) => {
      const value = textParam(params, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export function isOn(params: Verified, name: string): boolean {
  return params[name] === '1';
}
