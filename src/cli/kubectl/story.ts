// `kubectl vm why`: how it stands with a VM and why, told as a person would.
import type { Fields } from './fields.ts';

export interface StoryOf {
  /** The VirtualMachine. */
  readonly vm: Fields;
  /** Its Events, in any order. */
  readonly events: readonly Fields[];
  /** ms since the epoch */
  readonly nowMs: number;
}

/** Lines of text, the last one ended. */
export function tellStory({ vm, events, nowMs }: StoryOf): string {
  const conditions = readConditions(vm);
  return [
    headline(vm),
    ...wrapped(vm.text('status', 'message')),
    ...placement(vm),
    ...section('Conditions', conditions.map(conditionLine(longest(conditions.map(({ type }) => type))))),
    ...section('Events, the latest last', eventLines(events, nowMs)),
    '',
  ].join('\n');
}

function headline(vm: Fields): string {
  const name = vm.text('metadata', 'name') ?? '';
  const phase = vm.text('status', 'phase') ?? 'not looked at yet';
  const id = vm.text('status', 'id');
  const node = vm.text('status', 'provider', 'node');
  const where = node === undefined ? '' : ` on ${node}`;
  return `${name} is ${phase}${id === undefined ? '' : `: VM ${id}${where}`}`;
}

function wrapped(message: string | undefined): string[] {
  return message === undefined ? [] : [`  ${message}`];
}

/** What decided where it is. */
function placement(vm: Fields): string[] {
  const said = [
    ['node it has to be on', vm.text('spec', 'placement', 'host')],
    ['storage', vm.text('spec', 'placement', 'datastore')],
    ['policy', vm.text('spec', 'placementRef', 'name') ?? vm.text('status', 'policy')],
    ['image', vm.text('spec', 'imageRef', 'name')],
    ['class', vm.text('spec', 'classRef', 'name')],
  ] as const;
  const lines = said.flatMap(([what, value]) => (value === undefined ? [] : [`  ${what}: ${value}`]));
  return section('Asked for', lines);
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** `Ready` first, then what is not as it should be, then the rest. */
function readConditions(vm: Fields): Condition[] {
  const all = vm.list('status', 'conditions').map((one) => ({
    type: one.text('type') ?? '',
    status: one.text('status') ?? '',
    reason: one.text('reason') ?? '',
    message: one.text('message') ?? '',
  }));
  const rank = (one: Condition): number => (one.type === 'Ready' ? 0 : isWell(one) ? 2 : 1);
  return all.toSorted((one, other) => rank(one) - rank(other));
}

/** Those that tell of something wrong where they are true. */
const BAD_WHEN_TRUE = ['RestartRequired', 'FieldsOfNoEffect', 'Paused'];

function isWell({ type, status }: Condition): boolean {
  return BAD_WHEN_TRUE.includes(type) ? status !== 'True' : status === 'True';
}

function conditionLine(width: number): (condition: Condition) => string {
  return (condition) => {
    const { type, reason, message } = condition;
    return `  ${isWell(condition) ? 'ok' : '! '} ${type.padEnd(width)}  ${message === '' ? reason : message}`;
  };
}

function eventLines(events: readonly Fields[], nowMs: number): string[] {
  const told = events.map((event) => ({
    at: Date.parse(event.text('lastTimestamp') ?? event.text('eventTime') ?? '') || nowMs,
    type: event.text('type') ?? '',
    reason: event.text('reason') ?? '',
    message: event.text('message') ?? '',
    count: event.number('count') ?? 1,
  }));
  const ordered = told.toSorted((one, other) => one.at - other.at).slice(-MOST_EVENTS);
  const width = longest(ordered.map(({ reason }) => reason));
  return ordered.map(({ at, type, reason, message, count }) => {
    const mark = type === 'Warning' ? '! ' : '  ';
    const times = count > 1 ? ` (${count} times)` : '';
    return `  ${mark} ${ageText(nowMs - at).padStart(4)}  ${reason.padEnd(width)}  ${message}${times}`;
  });
}

const MOST_EVENTS = 15;

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}

/** As kubectl writes ages, the coarse part alone. */
function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
