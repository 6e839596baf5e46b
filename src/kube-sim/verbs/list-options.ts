// The options of a list or a watch in its query.
import { forbidden, notSupported } from '../causes.ts';
import { badRequest, type Cause, internalError, invalidStatus, StatusError } from '../status.ts';

export interface ListOptions {
  /** Undefined: not given; 0: whatever there is. */
  readonly revision: number | undefined;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  /** 0: none. */
  readonly limit: number;
  readonly continueToken: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly watch: boolean;
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean;
  readonly timeoutSeconds: number | undefined;
}

export function readListOptions(query: URLSearchParams): ListOptions {
  const given = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const watch = flag(query, 'watch');
  const continueToken = query.get('continue') ?? '';
  const sendInitialEvents = query.get('sendInitialEvents');
  const causes = watch
    ? wrongWatch(match, sendInitialEvents !== null, continueToken)
    : wrongList(given, match, sendInitialEvents !== null, continueToken);
  if (causes.length > 0) throw invalidStatus('ListOptions', 'meta.k8s.io', '', causes);
  return {
    revision: parseRevision(given),
    match: match as ListOptions['match'],
    limit: Math.max(0, integer(query, 'limit') ?? 0),
    continueToken,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    watch,
    bookmarks: flag(query, 'allowWatchBookmarks'),
    sendInitialEvents: sendInitialEvents !== null && flag(query, 'sendInitialEvents'),
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  };
}

/** Undefined where it was not given; what is no number is refused as a plain failure (recording 147), in a watch too. */
export function parseRevision(text: string): number | undefined {
  if (text === '') return undefined;
  if (/^\d+$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER) return Number(text);
  const why = `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw internalError(why);
}

/** What a get or a list from later than now is told (recordings 148, 149). */
export function refuseFuture(revision: number | undefined, current: number): void {
  if (revision === undefined || revision <= current) return;
  throw new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${revision}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }],
    retryAfterSeconds: 1,
  });
}

const MATCH = 'resourceVersionMatch';

function wrongList(revision: string, match: string, sendInitialEvents: boolean, continueToken: string): Cause[] {
  return [
    ...(match === '' ? [] : wrongMatch(revision, match, continueToken)),
    ...(sendInitialEvents ? [forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')] : []),
  ];
}

function wrongMatch(revision: string, match: string, continueToken: string): Cause[] {
  if (revision === '') return [forbidden(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`)];
  if (continueToken !== '') return [forbidden(MATCH, `${MATCH} is forbidden when continue is provided`)];
  if (match !== 'Exact' && match !== 'NotOlderThan') return [notSupported(MATCH, match, ['Exact', 'NotOlderThan', ''])];
  return match === 'Exact' && revision === '0'
    ? [forbidden(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`)]
    : [];
}

function wrongWatch(match: string, sendInitialEvents: boolean, continueToken: string): Cause[] {
  if (sendInitialEvents)
    return [
      ...(match === 'NotOlderThan'
        ? []
        : [
            match === ''
              ? forbidden(MATCH, `${MATCH} must be set to NotOlderThan when sendInitialEvents is provided`)
              : notSupported(MATCH, match, ['NotOlderThan']),
          ]),
      ...(continueToken === ''
        ? []
        : [forbidden('continue', 'continue is forbidden when sendInitialEvents is provided')]),
    ];
  return match === '' ? [] : [forbidden(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`)];
}

/** As Go reads a flag of a query: named without a value is true, and so is all but 0 and false. */
function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (/^[+-]?\d+$/.test(value)) return Number(value);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
}
