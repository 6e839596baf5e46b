// Terms about labels of VirtualMachines: which ones somebody means.
import { invalidSpec } from './fault.ts';

export const LABEL_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
export type LabelOperator = (typeof LABEL_OPERATORS)[number];

export interface LabelTerm {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Of `In` and `NotIn` alone. */
  readonly values: readonly string[];
}

/** Means the VirtualMachines of which every term holds, in these namespaces; none named: in that of whoever asks. */
export interface LabelSelector {
  readonly terms: readonly LabelTerm[];
  readonly namespaces: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

export function isMeant(labels: Labels, { terms }: LabelSelector): boolean {
  return terms.every((term) => holds(labels, term));
}

/** As Kubernetes has it: a label that is not there is in no list, so `NotIn` holds of it. */
function holds(labels: Labels, { key, operator, values }: LabelTerm): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** The term itself; throws `invalid-spec` under `path` where values and operator do not go together. */
export function checkLabelTerm(term: LabelTerm, path: string): LabelTerm {
  const needsValues = term.operator === 'In' || term.operator === 'NotIn';
  if (needsValues === term.values.length > 0) return term;
  const why = needsValues ? `${term.operator} needs values` : `${term.operator} has no values`;
  throw invalidSpec(`${path}.values`, why, needsValues ? 'Set them' : 'Remove them');
}
