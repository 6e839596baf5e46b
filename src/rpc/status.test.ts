import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { Fault, type FaultKind, MAX_MESSAGE_LENGTH } from '#domain/fault';
import { DeadlineError } from '#runtime/deadline';
import { codeName, faultOf, statusOf } from './status.ts';

const TABLE: [FaultKind, string][] = [
  ['invalid-spec', 'InvalidArgument'],
  ['not-found', 'NotFound'],
  ['already-exists', 'AlreadyExists'],
  ['forbidden', 'PermissionDenied'],
  ['unauthenticated', 'Unauthenticated'],
  ['unavailable', 'Unavailable'],
  ['precondition', 'FailedPrecondition'],
  ['busy', 'Aborted'],
  ['exhausted', 'ResourceExhausted'],
  ['cancelled', 'Canceled'],
  ['unsupported', 'Unimplemented'],
  ['internal', 'Internal'],
];

describe('statusOf', () => {
  it.each(TABLE)('a fault of kind %s is %s with its message, and comes back as it was', (kind, name) => {
    const fault = new Fault(kind, { subject: 'VM web (100)', wanted: 'start', why: 'locked', remedy: 'Wait' });
    const answer = statusOf(fault, 'Power');
    expect(codeName(answer.code)).toBe(name);
    expect(answer.details).toBe('VM web (100): start: locked. Wait.');
    expect(faultOf(answer)).toMatchObject({ kind, message: fault.message });
  });

  it('the end of the time is Aborted and says that repeating helps', () => {
    expect(statusOf(new DeadlineError('over'), 'Create')).toEqual({
      code: status.ABORTED,
      details:
        'Create: the time for this call is over before the work is. Repeat the call: it goes on from where it is.',
    });
  });

  it.each([[new TypeError('token=secret')], ['secret'], [undefined]])('%s is Internal and tells nothing', (error) => {
    const answer = statusOf(error, 'Create');
    expect(answer.code).toBe(status.INTERNAL);
    expect(answer.details).not.toContain('secret');
  });

  it('half a surrogate pair at the cut does not break the answer', () => {
    const fault = new Fault('busy', { subject: 'x', why: `${'a'.repeat(MAX_MESSAGE_LENGTH - 5)}${'😀'.repeat(9)}` });
    expect(() => encodeURI(statusOf(fault, 'Create').details)).not.toThrow();
  });
});

describe('faultOf', () => {
  it.each<[status, FaultKind]>([
    [status.DEADLINE_EXCEEDED, 'unavailable'],
    [status.OUT_OF_RANGE, 'invalid-spec'],
    [status.UNKNOWN, 'internal'],
    [status.DATA_LOSS, 'internal'],
  ])('a code none of our faults has (%s) is %s', (code, kind) => {
    expect(faultOf({ code, details: 'x' }).kind).toBe(kind);
  });
});
