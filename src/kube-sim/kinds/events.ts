// Events, in the two shapes Kubernetes has for them: v1, which is stored, and events.k8s.io/v1.
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { pathSegment } from '../objects/names.ts';
import { checkEvent } from './check-event.ts';
import { ownKind } from './own-kind.ts';

/** Go's types write these even where they are empty. */
const EMPTY: JsonObject = {
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: '',
  reportingInstance: '',
};

export const EVENTS = ownKind('events', { prepare: complete, nameRule: pathSegment, check: checkEvent, empty: EMPTY });

/** The same events. */
export const EVENTS_OF_GROUP = ownKind('events.events.k8s.io', {
  stored: 'events',
  storedApiVersion: 'v1',
  nameRule: pathSegment,
  fromStored: (event) => renamed(event, NAMES, 'events.k8s.io/v1'),
  toStored: (event) => complete(renamed(event, NAMES_BACK, 'v1')),
});

function complete(event: KubeObject): KubeObject {
  return { ...EMPTY, ...event };
}

/** From v1's name of a member to that of events.k8s.io/v1. */
const NAMES: Readonly<Record<string, string>> = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
};
const NAMES_BACK = Object.fromEntries(Object.entries(NAMES).map(([core, group]) => [group, core]));

function renamed(event: KubeObject, names: Readonly<Record<string, string>>, apiVersion: string): KubeObject {
  const entries = Object.entries(event).map(([name, value]): [string, Json | undefined] => [
    names[name] ?? name,
    value,
  ]);
  return { ...(Object.fromEntries(entries) as KubeObject), apiVersion };
}
