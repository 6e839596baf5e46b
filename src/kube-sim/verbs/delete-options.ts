// The options of a delete, in its body or its query.
import { invalid, notSupported } from '../causes.ts';
import { quoted } from '../go-text.ts';
import type { Json, JsonObject } from '../object.ts';
import { goType } from '../objects/read-metadata.ts';
import { isList, isObject, textOf } from '../shape.ts';
import { badRequest, type Cause, internalError, invalidStatus, type StatusError } from '../status.ts';
import type { Call } from './api.ts';
import { decodeBody, TYPE_META } from './read-object.ts';
import { wrongDryRun } from './write-options.ts';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly propagation: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

export function readDeleteOptions(call: Call): DeleteOptions {
  const { query } = call;
  refuseQuery(query);
  const body = bodyOptions(call);
  const policy = textIn(body['propagationPolicy']) ?? query.get('propagationPolicy') ?? undefined;
  const orphan = body['orphanDependents'] ?? query.get('orphanDependents') ?? undefined;
  const dryRun = Array.isArray(body['dryRun']) ? body['dryRun'].map(String) : query.getAll('dryRun');
  const causes = [...wrongPolicy(policy, orphan), ...wrongDryRun(dryRun)];
  if (causes.length > 0) throw invalidStatus('DeleteOptions', 'meta.k8s.io', '', causes);
  const preconditions = isObject(body['preconditions']) ? body['preconditions'] : {};
  return {
    dryRun: dryRun.includes('All'),
    propagation: orphan === true || orphan === 'true' ? 'Orphan' : POLICIES.find((name) => name === policy),
    uid: textIn(preconditions['uid']),
    resourceVersion: textIn(preconditions['resourceVersion']),
  };
}

/** What is wrong with its form a real server calls an error of its own. */
function bodyOptions(call: Call): JsonObject {
  if (call.body.trim() === '') return {};
  const value = decodeBody(call, (why) => internalError(why)).value;
  if (value === null) return {};
  if (!isObject(value))
    throw internalError(
      `couldn't get version/kind; json parse error: ${cannotRead(value, `value of type ${TYPE_META}`)}`,
    );
  const { kind = 'DeleteOptions', apiVersion = '' } = value as Readonly<Record<string, Json | undefined>>;
  if (kind !== 'DeleteOptions')
    throw internalError(
      `no kind ${quoted(textOf(kind))} is registered for version ${quoted(textOf(apiVersion))} in scheme "pkg/runtime/scheme.go:100"`,
    );
  refuseTypes(value);
  return value;
}

function refuseTypes({ dryRun = null, gracePeriodSeconds = null, propagationPolicy = null }: JsonObject): void {
  const wrong = (value: Json, name: string, type: string): StatusError =>
    internalError(cannotRead(value, `struct field DeleteOptions.${name} of type ${type}`));
  if (dryRun !== null && !isList(dryRun)) throw wrong(dryRun, 'dryRun', '[]string');
  if (gracePeriodSeconds !== null && typeof gracePeriodSeconds !== 'number')
    throw wrong(gracePeriodSeconds, 'gracePeriodSeconds', 'int64');
  if (propagationPolicy !== null && typeof propagationPolicy !== 'string')
    throw wrong(propagationPolicy, 'propagationPolicy', 'v1.DeletionPropagation');
}

function cannotRead(value: Json, target: string): string {
  return `json: cannot unmarshal ${goType(value)} into Go ${target}`;
}

function refuseQuery(query: URLSearchParams): void {
  const grace = query.get('gracePeriodSeconds') ?? '';
  if (!/^[-+]?\d*$/.test(grace)) throw badRequest(`strconv.ParseInt: parsing ${quoted(grace)}: invalid syntax`);
}

function wrongPolicy(policy: string | undefined, orphan: Json | undefined): Cause[] {
  if (policy === undefined) return [];
  if (orphan !== undefined)
    return [invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set')];
  const isKnown = POLICIES.some((name) => name === policy);
  return isKnown ? [] : [notSupported('propagationPolicy', policy, [...POLICIES, 'nil'])];
}

function textIn(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
