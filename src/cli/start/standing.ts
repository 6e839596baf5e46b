// How it stands with an object, as its status tells.
import type { KubeObject } from '#kube/object';
import { type Fields, readFields } from '../kubectl/fields.ts';

export interface Standing {
  /** `VirtualMachine web-server`. */
  readonly title: string;
  /** Why it is not ready, or how it is; undefined: what it says now was not looked at yet. */
  readonly words: string | undefined;
  /** All that was asked for is so; a VM that runs has told an address too. */
  readonly isReady: boolean;
  /** Ready but for its address, which some guests never tell. */
  readonly isWithoutAddress: boolean;
  /** Somebody works on it. */
  readonly isUnderWay: boolean;
  /** What its author should know all the same, as sentences that name the object. */
  readonly notes: readonly string[];
}

const UNDER_WAY = ['Provisioning', 'Reconfiguring', 'Creating', 'Deleting', 'Cloning', 'Preparing', 'Importing'];
/** Conditions that tell of something, and the state in which they do. */
const NOTES: Readonly<Record<string, string>> = {
  FieldsOfNoEffect: 'True',
  Honoured: 'False',
  MemoryAsWished: 'False',
};

export function standingOf(object: KubeObject): Standing {
  const fields = readFields(object);
  const isSeen = (fields.number('status', 'observedGeneration') ?? 0) >= (object.metadata.generation ?? 0);
  const ready = isSeen ? readyOf(fields) : undefined;
  // An image that nobody wants yet is fetched when somebody does.
  const isSettled = ready?.text('status') === 'True' || ready?.text('reason') === 'NotWanted';
  const isWithoutAddress = isSettled && lacksAddress(object.kind, fields);
  const phase = fields.text('status', 'phase') ?? '';
  const title = `${object.kind} ${object.metadata.name}`;
  return {
    title,
    words: wordsOf(fields, ready),
    isReady: isSettled && !isWithoutAddress,
    isWithoutAddress,
    isUnderWay: UNDER_WAY.includes(phase),
    notes: [...fields.list('status', 'conditions').flatMap(noteOf), ...warningsOf(fields)].map((note) =>
      note.startsWith(`${title}:`) ? note : `${title}: ${note}`,
    ),
  };
}

function readyOf(fields: Fields): Fields | undefined {
  return fields.list('status', 'conditions').find((one) => one.text('type') === 'Ready');
}

function lacksAddress(kind: string, fields: Fields): boolean {
  const isOn = kind === 'VirtualMachine' && fields.text('status', 'powerState') === 'On';
  return isOn && fields.texts('status', 'ips').length === 0;
}

function wordsOf(fields: Fields, ready: Fields | undefined): string | undefined {
  if (ready === undefined) return undefined;
  const message = ready.text('message') ?? ready.text('reason') ?? '';
  return ready.text('status') === 'True' ? (fields.text('status', 'message') ?? message) : message;
}

/** What the provider says to the making of a VM. */
function warningsOf(fields: Fields): string[] {
  return (
    fields
      .text('status', 'provider', 'warnings')
      ?.split('; ')
      .map((warning) => `${warning}.`) ?? []
  );
}

function noteOf(condition: Fields): string[] {
  const type = condition.text('type') ?? '';
  return NOTES[type] === condition.text('status') ? [condition.text('message') ?? type] : [];
}
