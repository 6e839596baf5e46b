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
  const all = readConditions(vm);
  const how = all.find(isReadiness)?.message ?? vm.text('status', 'message') ?? '';
  const conditions = all.filter((one) => !isReadiness(one)).map((one) => withoutWordsOf(how, one));
  return [
    headline(vm),
    ...(how === '' ? [] : [`  ${how}`]),
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
  return `${name} ${standing(phase, readyReason(vm))}${id === undefined ? '' : `: VM ${id}${where}`}`;
}

/** Phases that would leave nobody in doubt. */
const SOUNDS_WELL = ['Running', 'Stopped'];

/** Reasons that leave it open how it is now. */
const UNKNOWN = ['PVEUnreachable', 'ProviderNotReady', 'ProviderNotFound', 'ProviderUnavailable', 'Unauthenticated'];

function standing(phase: string, reason: string | undefined): string {
  if (reason === undefined || !SOUNDS_WELL.includes(phase)) return `is ${phase}`;
  return UNKNOWN.includes(reason) ? `was ${phase} when it was last seen` : `is ${phase}, but not as asked for`;
}

/** Why it is not ready; undefined: it is. */
function readyReason(vm: Fields): string | undefined {
  return readConditions(vm).find((one) => isReadiness(one) && one.status !== 'True')?.reason;
}

function isReadiness({ type }: Condition): boolean {
  return type === 'Ready';
}

/** What is said below the headline already is not said again. */
function withoutWordsOf(how: string, condition: Condition): Condition {
  return condition.message === how ? { ...condition, message: '' } : condition;
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

/** What is not as it should be first. */
function readConditions(vm: Fields): Condition[] {
  const all = vm.list('status', 'conditions').map((one) => ({
    type: one.text('type') ?? '',
    status: one.text('status') ?? '',
    reason: one.text('reason') ?? '',
    message: one.text('message') ?? '',
  }));
  return [...all.filter((one) => !isWell(one)), ...all.filter(isWell)];
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
