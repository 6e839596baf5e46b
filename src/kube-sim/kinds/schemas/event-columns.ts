// `kubectl get events`: the same table for the two groups, whose members have other names.
import type { KubeObject } from '../../object.ts';
import type { TableColumn } from '../../resource.ts';
import { formatAge } from '../../show/duration.ts';
import { column, member, text } from './columns.ts';

/** Where a group keeps what both have. */
interface Members {
  readonly about: string;
  readonly message: string;
  readonly source: string;
  readonly controller: string;
  readonly first: string;
  readonly last: string;
  readonly count: string;
}

export const EVENT_TABLE: readonly TableColumn[] = eventTable({
  about: 'involvedObject',
  message: 'message',
  source: 'source',
  controller: 'reportingComponent',
  first: 'firstTimestamp',
  last: 'lastTimestamp',
  count: 'count',
});

export const EVENTS_GROUP_EVENT_TABLE: readonly TableColumn[] = eventTable({
  about: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  controller: 'reportingController',
  first: 'deprecatedFirstTimestamp',
  last: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
});

function eventTable(of: Members): readonly TableColumn[] {
  return [
    column('Last Seen', 'How long ago it was last seen.', (event, now) => lastSeen(event, of, now)),
    column('Type', 'Normal or Warning.', (event) => text(event['type'])),
    column('Reason', 'What happened, in one word.', (event) => text(event['reason'])),
    column('Object', 'What it is about.', (event) => about(event, of)),
    column('Subobject', 'Which part of it.', (event) => text(member(event, of.about, 'fieldPath')), 1),
    column('Source', 'Who tells it.', (event) => source(event, of), 1),
    column('Message', 'What happened, in words.', (event) => text(event[of.message]).trim()),
    column('First Seen', 'How long ago it was first seen.', (event, now) => firstSeen(event, of, now), 1),
    { ...column('Count', 'How often it was seen.', (event) => times(event, of), 1), type: 'integer' },
    column('Name', 'Its name.', ({ metadata }) => metadata.name, 1),
  ];
}

function lastSeen(event: KubeObject, of: Members, now: number): string {
  const latest = text(member(event, 'series', 'lastObservedTime')) || text(event[of.last]);
  return latest === '' ? firstSeen(event, of, now) : formatAge(latest, now);
}

function firstSeen(event: KubeObject, of: Members, now: number): string {
  return formatAge(text(event[of.first]) || text(event['eventTime']), now);
}

function about(event: KubeObject, of: Members): string {
  const kind = text(member(event, of.about, 'kind')).toLowerCase();
  const name = text(member(event, of.about, 'name'));
  return kind === '' ? name : `${kind}/${name}`;
}

function source(event: KubeObject, of: Members): string {
  const component = text(member(event, of.source, 'component')) || text(event[of.controller]);
  const place = text(member(event, of.source, 'host')) || text(event['reportingInstance']);
  return place === '' ? component : `${component}, ${place}`;
}

function times(event: KubeObject, of: Members): number {
  const counted = member(event, 'series', 'count') ?? event[of.count];
  return typeof counted === 'number' && counted > 0 ? counted : 1;
}
