// An Event of core/v1, as kubectl and everything else reads it.
import { isReason, type KubeApi } from './api.ts';
import type { Entry, Written } from './event-series.ts';
import { apiVersionOf, EVENTS } from './resource.ts';

interface Source {
  readonly component: string;
  readonly instance: string;
}

/** Makes the Event, or counts one more of it. */
export async function writeEvent(api: KubeApi, source: Source, entry: Entry): Promise<Written> {
  if (entry.before !== undefined) {
    const counted = await countOneMore(api, entry, entry.before);
    if (counted !== undefined) return counted;
  }
  const name = nameOf(entry);
  await api.create(EVENTS, eventOf(name, source, entry));
  return { name, count: 1 };
}

/** Undefined: the server has dropped it meanwhile, as it does with old ones. */
async function countOneMore(api: KubeApi, entry: Entry, { name, count }: Written): Promise<Written | undefined> {
  const now = { count: count + 1, lastTimestamp: timeOf(entry), message: entry.message };
  try {
    await api.patch(EVENTS, { name, namespace: namespaceOf(entry) }, now);
    return { name, count: count + 1 };
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function eventOf(name: string, { component, instance }: Source, entry: Entry) {
  const { object, type, reason, message } = entry;
  const { apiVersion, kind, metadata } = object;
  const { uid, resourceVersion } = metadata;
  const namespace = namespaceOf(entry);
  return {
    apiVersion: apiVersionOf(EVENTS),
    kind: EVENTS.kind,
    metadata: { name, namespace },
    involvedObject: { apiVersion, kind, name: metadata.name, namespace: metadata.namespace, uid, resourceVersion },
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: timeOf(entry),
    lastTimestamp: timeOf(entry),
    source: { component },
    reportingComponent: component,
    reportingInstance: instance,
  };
}

/** Those of objects without a namespace are where kubectl looks for them. */
function namespaceOf({ object }: Entry): string {
  return object.metadata.namespace ?? 'default';
}

const LONGEST_NAME = 253;
let made = 0;

/** The object's name and a number that none of its others has. */
function nameOf({ object, at }: Entry): string {
  const suffix = `.${(BigInt(Math.trunc(at)) * 1_000_000n + BigInt(made++ % 1_000_000)).toString(16)}`;
  return object.metadata.name.slice(0, LONGEST_NAME - suffix.length).replace(/[^a-z0-9]+$/, '') + suffix;
}

/** Events have whole seconds. */
function timeOf({ at }: Entry): string {
  return new Date(at).toISOString().replace(/\.\d+/, '');
}
