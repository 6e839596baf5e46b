// Objects that a real server was sent, and what it said of them.
import { decodeJson, JsonSyntaxError } from '#kube-sim/decode/json';
import { quoted } from '#kube-sim/go-text';
import type { Json, JsonObject } from '#kube-sim/object';
import { prune } from '#kube-sim/schema/prune';
import { validate } from '#kube-sim/schema/validate';
import { withDefaults } from '#kube-sim/schema/with-defaults';
import type { Cause } from '#kube-sim/status';
import { describe, expect, it } from 'vitest';
import { bodyText, exchanges, isMissing, machineSchema, skipped } from './recordings.ts';

const schema = machineSchema();
const MACHINES = /\/namespaces\/default\/machines(\?|$)/;
/** CEL rules, and what is decided before the schema is asked: options in the query, the kind. */
const NOT_OURS = /^(157-curl-query-bad|180-valid-cel|181-valid-cel-expr)$|must be Machine/;

const creations = exchanges(20, 189).filter(({ name, exchange: { request, response } }) => {
  const isPlain = request.method === 'POST' && MACHINES.test(request.path) && bodyText(request.body) !== undefined;
  return isPlain && [201, 400, 422].includes(response.status) && !NOT_OURS.test(name);
});

function causesOf(body: JsonObject): readonly Cause[] {
  return ((body['details'] as JsonObject | undefined)?.['causes'] ?? []) as unknown as readonly Cause[];
}

function ours(text: string): { readonly value: Json; readonly strict: readonly string[] } {
  const { value, strictErrors } = decodeJson(text);
  const { value: known, unknown } = prune(value, schema);
  return {
    value: withDefaults(known, schema),
    strict: [...strictErrors, ...unknown.map((path) => `unknown field ${quoted(path)}`)],
  };
}

/** In any order but that of the last one, as the members of an object have none. */
function inOrder(causes: readonly Cause[]): readonly Cause[] {
  const told = causes.filter(({ message }) => !message.includes('were not checked'));
  const last = causes.filter(({ message }) => message.includes('were not checked'));
  return [...told.toSorted((a, b) => (a.field + a.message < b.field + b.message ? -1 : 1)), ...last];
}

describe(`a recorded creation${skipped}`, () => {
  it.skipIf(isMissing)('is there often enough to be compared with', () => {
    expect(creations.length).toBeGreaterThan(50);
  });

  const accepted = creations.filter(({ exchange }) => exchange.response.status === 201);
  it.each(accepted)('$name: gets the recorded spec', ({ exchange: { request, response } }) => {
    const { value } = ours(bodyText(request.body) ?? '');
    expect((value as JsonObject)['spec']).toEqual((response.body as JsonObject)['spec']);
    expect(validate(value, schema)).toEqual([]);
  });

  const warned = accepted.filter(({ exchange }) => exchange.response.warning !== undefined);
  it.each(warned)('$name: warns as recorded', ({ exchange: { request, response } }) => {
    const { strict } = ours(bodyText(request.body) ?? '');
    const warnings = strict.map((text) => `299 - "${text.replaceAll('"', '\\"')}"`).join(', ');
    expect(warnings).toBe(response.warning);
  });

  const refused = creations.filter(({ exchange: { response } }) => {
    const causes = response.status === 422 ? causesOf(response.body as JsonObject) : [];
    return (
      causes.length > 0 &&
      causes.every(({ field, message }) => !/^metadata|^kind/.test(field) && !NOT_OURS.test(message))
    );
  });
  it.each(refused)('$name: has the recorded faults', ({ exchange: { request, response } }) => {
    const { value } = ours(bodyText(request.body) ?? '');
    expect(inOrder(validate(value, schema))).toEqual(inOrder(causesOf(response.body as JsonObject)));
  });

  const strict = creations.filter(({ exchange: { response } }) =>
    /strict decoding error/.test(JSON.stringify(response.body)),
  );
  it.each(strict)('$name: is refused by a strict server in these words', ({ exchange: { request, response } }) => {
    const told = `strict decoding error: ${ours(bodyText(request.body) ?? '').strict.join(', ')}`;
    expect((response.body as { readonly message: string }).message).toContain(told);
  });

  const unread = creations.filter(({ exchange: { response } }) =>
    /json parse error: (unexp|inval)/.test(JSON.stringify(response.body)),
  );
  it.each(unread)('$name: is no JSON in these words', ({ exchange: { request, response } }) => {
    const [, why = ''] =
      /json parse error: (.*) \(/.exec((response.body as { readonly message: string }).message) ?? [];
    expect(() => decodeJson(bodyText(request.body) ?? '')).toThrow(new JsonSyntaxError(why));
  });
});
