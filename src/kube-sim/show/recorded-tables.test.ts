// What is shown, against what the real server showed: objects are taken from one recorded answer and have to give another.
import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../object.ts';
import { negotiate } from './negotiate.ts';
import { representList, representObject } from './represent.ts';
import { parseIncludeObject } from './table.ts';
import { isMissing, machineResources, numbers, recording, WHY_SKIPPED } from '../recordings.ts';
import type { Exchange } from '../recordings.ts';

const objects = isMissing ? new Map<string, KubeObject>() : everyObject();
const now = Date.parse('2026-01-01T00:00:00Z');

interface Table {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly rows: readonly Row[];
}

interface Row {
  readonly cells: readonly unknown[];
  readonly object: KubeObject | null;
}

describe.skipIf(isMissing)(`the recorded tables (${WHY_SKIPPED} if skipped)`, () => {
  test('are made from the objects of other recordings', () => {
    const known = everyTable().map(([exchange, table]) => [exchange, table, objectsOf(table)] as const);
    const whole = known.filter(([, { rows }, found]) => found.length === rows.length);
    expect(whole.length).toBeGreaterThanOrEqual(20);
    for (const [exchange, table, found] of whole)
      expect(shown(exchange, table, found), exchange.request.path).toEqual(agesHidden(table));
  });
});

function shown({ request }: Exchange, table: Table, found: readonly KubeObject[]): unknown {
  const how = negotiate(request.accept, 'object');
  const resource = machineResources().find(({ plural }) => new RegExp(`/${plural}\\b`).test(request.path));
  if (resource === undefined) throw new Error(`no resource of ${request.path}`);
  const query = new URL(request.path, 'http://any').searchParams;
  const includeObject = parseIncludeObject(query.get('includeObject') ?? undefined);
  return agesHidden(representList(found, table.metadata, { how, resource, includeObject, now }) as unknown as Table);
}

/** Those that are known, in the version shown. */
function objectsOf({ rows }: Table): readonly KubeObject[] {
  return rows.map((row) => objects.get(`${String(row.cells[0])} ${versionOf(row)}`)).filter((one) => one !== undefined);
}

/** Where no object is included (recording 152), it is that of a1. */
function versionOf({ object }: Row): string {
  return object?.metadata.resourceVersion ?? '<rv:35>';
}

/** By name and version, from every answer and event that has whole objects. */
function everyObject(): Map<string, KubeObject> {
  const found = new Map<string, KubeObject>();
  const add = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { metadata, spec } = value as KubeObject;
    if (spec !== undefined && metadata?.resourceVersion !== undefined)
      found.set(`${metadata.name} ${metadata.resourceVersion}`, value as KubeObject);
    for (const one of Object.values(value)) add(one);
  };
  for (const number of numbers('020', '189')) add(recording(number).exchanges.map(({ response }) => response.body));
  return found;
}

function everyTable(): (readonly [Exchange, Table])[] {
  return numbers('018', '189')
    .flatMap((number) => recording(number).exchanges)
    .filter(({ response }) => (response.body as JsonObject | undefined)?.['kind'] === 'Table')
    .map((exchange) => [exchange, exchange.response.body as unknown as Table] as const);
}

/** Recorded ages are placeholders, and which cells are ages is the columns' affair. */
function agesHidden(table: Table): Table {
  const isAge = (cell: unknown): boolean =>
    typeof cell === 'string' && /^(<age>|<unknown>|<invalid>|\d+[smhdy].*)$/.test(cell);
  return {
    ...table,
    rows: table.rows.map((row) => ({ ...row, cells: row.cells.map((cell) => (isAge(cell) ? '<age>' : cell)) })),
  };
}

describe.skipIf(isMissing)('the recorded watch of a table', () => {
  test('tells its columns once', () => {
    const { exchanges } = recording('145');
    const body = exchanges[0]?.response.body as unknown as { $stream: { object: Table }[] };
    const [resource] = machineResources();
    if (resource === undefined) throw new Error('no machines');
    const how = negotiate(exchanges[0]?.request.accept, 'watch');
    const events = body.$stream.map(({ object: { rows, metadata } }, index) => {
      const object = objects.get(`${String(rows[0]?.cells[0])} ${metadata.resourceVersion}`);
      if (object === undefined) throw new Error(`no object of ${metadata.resourceVersion}`);
      return agesHidden(
        representObject(object, { how, resource, includeObject: 'Metadata', now }, index === 0) as unknown as Table,
      );
    });
    expect(events).toEqual(body.$stream.map(({ object }) => agesHidden(object)));
  });
});
