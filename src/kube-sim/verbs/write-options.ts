// The options of a write in its query: what is wrong with them is told before anything else is looked at (recording 157).
import { forbidden, invalid, notSupported, required, tooLong } from '../causes.ts';
import { type Cause, invalidStatus } from '../status.ts';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
}

/** What becomes of unknown and repeated fields: they are refused, told in a Warning header, or dropped silently. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';
type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

const FIELD_MANAGER_BYTES = 128;

export function readWriteOptions(query: URLSearchParams, kind: OptionsKind, isApply = false): WriteOptions {
  const fieldManager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') ?? '';
  const isForced = kind === 'PatchOptions' && query.get('force') !== null;
  const causes: Cause[] = [
    ...(isForced && !isApply ? [forbidden('force', 'may not be specified for non-apply patch')] : []),
    ...(isApply && fieldManager === '' ? [required('fieldManager', 'is required for apply patch')] : []),
    ...wrongManager(fieldManager),
    ...wrongDryRun(query.getAll('dryRun')),
    ...(isFieldValidation(fieldValidation) || fieldValidation === ''
      ? []
      : [notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn'])]),
  ];
  if (causes.length > 0) throw invalidStatus(kind, 'meta.k8s.io', '', causes);
  return {
    dryRun: query.getAll('dryRun').includes('All'),
    fieldManager,
    fieldValidation: isFieldValidation(fieldValidation) ? fieldValidation : 'Warn',
  };
}

function wrongManager(manager: string): Cause[] {
  if (Buffer.byteLength(manager) > FIELD_MANAGER_BYTES) return [tooLong('fieldManager', FIELD_MANAGER_BYTES)];
  return /\p{C}/u.test(manager) ? [invalid('fieldManager', manager, 'should only contain printable characters')] : [];
}

/** Also of a delete's options. */
export function wrongDryRun(values: readonly string[]): Cause[] {
  if (values.every((value) => value === 'All')) return [];
  const given = values.map((value) => JSON.stringify(value)).join(', ');
  const message = `Unsupported value: []string{${given}}: supported values: "All"`;
  return [{ reason: 'FieldValueNotSupported', message, field: 'dryRun' }];
}

function isFieldValidation(text: string): text is FieldValidation {
  return text === 'Strict' || text === 'Warn' || text === 'Ignore';
}
