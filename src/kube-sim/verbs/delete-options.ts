// The options of a delete, in its body or its query.
import { invalid, notSupported } from '../causes.ts';
import { decodeJson } from '../decode/json.ts';
import { decodeProtobuf } from '../decode/protobuf.ts';
import type { Json } from '../object.ts';
import { isObject } from '../shape.ts';
import { badRequest, type Cause, invalidStatus } from '../status.ts';
import type { Call } from './api.ts';
import { PROTOBUF } from './read-object.ts';
import { wrongDryRun } from './write-options.ts';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly propagation: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

const POLICIES = ['Background', 'Foreground', 'Orphan'] as const;

export function readDeleteOptions(call: Call): DeleteOptions {
  const body = bodyOptions(call);
  const { query } = call;
  const policy = textOf(body['propagationPolicy']) ?? query.get('propagationPolicy') ?? undefined;
  const orphan = body['orphanDependents'] ?? query.get('orphanDependents') ?? undefined;
  const dryRun = Array.isArray(body['dryRun']) ? body['dryRun'].map(String) : query.getAll('dryRun');
  const causes = [...wrongPolicy(policy, orphan), ...wrongDryRun(dryRun)];
  if (causes.length > 0) throw invalidStatus('DeleteOptions', 'meta.k8s.io', '', causes);
  const preconditions = isObject(body['preconditions']) ? body['preconditions'] : {};
  return {
    dryRun: dryRun.includes('All'),
    propagation: orphan === true || orphan === 'true' ? 'Orphan' : POLICIES.find((name) => name === policy),
    uid: textOf(preconditions['uid']),
    resourceVersion: textOf(preconditions['resourceVersion']),
  };
}

function bodyOptions(call: Call): Readonly<Record<string, Json | undefined>> {
  const { body } = call;
  if (body.trim() === '') return {};
  let value: Json;
  try {
    value = call.contentType === PROTOBUF ? decodeProtobuf(call.bytes) : decodeJson(body).value;
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw badRequest(`couldn't get version/kind; json parse error: the options are no object`);
  const kind = value['kind'];
  if (kind !== undefined && kind !== 'DeleteOptions')
    throw badRequest(
      `the object provided is unrecognized (must be of type DeleteOptions): kind is ${JSON.stringify(kind)}`,
    );
  return value;
}

function wrongPolicy(policy: string | undefined, orphan: Json | undefined): Cause[] {
  if (policy === undefined) return [];
  if (orphan !== undefined)
    return [invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set')];
  const isKnown = POLICIES.some((name) => name === policy);
  return isKnown ? [] : [notSupported('propagationPolicy', policy, [...POLICIES, 'nil'])];
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
