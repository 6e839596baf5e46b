// What an Event has to be. Those with an eventTime are of the newer kind, and have to name who tells them and what was done.
import { invalid, required } from '../causes.ts';
import type { Json, KubeObject } from '../object.ts';
import { qualifiedName } from '../objects/names.ts';
import { textOf } from '../shape.ts';
import type { Cause } from '../status.ts';
import { members } from './own-kind.ts';

/** In the shape of v1. Only what is new is looked at: nobody changes much of an Event. */
export function checkEvent(event: KubeObject, old: KubeObject | undefined): readonly Cause[] {
  if (old !== undefined) return [];
  return [...wrongNamespace(event), ...((event['eventTime'] ?? null) === null ? [] : wrongTeller(event))];
}

/** Whose object is in no namespace is told of in `default`. */
function wrongNamespace({ metadata, involvedObject, eventTime }: KubeObject): Cause[] {
  const namespace = textOf(members(involvedObject)['namespace']);
  const own = metadata.namespace ?? '';
  const others = (eventTime ?? null) === null ? ['default'] : ['default', 'kube-system'];
  const fits = namespace === '' ? others.includes(own) : (eventTime ?? null) !== null || namespace === own;
  return fits ? [] : [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')];
}

const LONGEST = 128;
const LONGEST_MESSAGE = 1024;

function wrongTeller(event: KubeObject): Cause[] {
  const { reportingComponent, reportingInstance, action, reason, message } = event;
  const component = textOf(reportingComponent);
  return [
    ...(component === '' ? [required('reportingComponent')] : []),
    ...qualifiedName(component).map((fault) => invalid('reportingComponent', component, fault)),
    ...wrongText('reportingInstance', reportingInstance),
    ...wrongText('action', action),
    ...wrongText('reason', reason),
    ...tooLongText('message', message, LONGEST_MESSAGE),
  ];
}

function wrongText(field: string, value: Json | undefined): Cause[] {
  return textOf(value) === '' ? [required(field)] : tooLongText(field, value, LONGEST);
}

function tooLongText(field: string, value: Json | undefined, limit: number): Cause[] {
  return textOf(value).length > limit ? [invalid(field, '', `can have at most ${limit} characters`)] : [];
}
