// What came of a call of a client: a value to compare, whether it succeeded or not.
import type { FaultKind } from '#domain/fault';

export interface Outcome<T> {
  readonly answer: T | undefined;
  /** `ok`, or what kind of fault it was. */
  readonly kind: 'ok' | FaultKind;
  readonly message: string;
}

export async function outcomeOf<T>(call: Promise<T>): Promise<Outcome<T>> {
  try {
    return { answer: await call, kind: 'ok', message: '' };
  } catch (error) {
    const { kind, message } = error as { kind: FaultKind; message: string };
    return { answer: undefined, kind, message };
  }
}
