import { Fault, invalidSpec } from '#domain/fault';
import type { z } from 'zod';
import { API_VERSION, type Manifest, manifestTitle } from './manifests.ts';

/** The spec of a manifest as its schema describes it. Throws `invalid-spec` naming object, field and what was expected. */
export function readSpec<Schema extends z.ZodType>(schema: Schema, manifest: Manifest): z.output<Schema> {
  if (manifest.apiVersion !== API_VERSION) {
    throw invalidSpec(
      `${manifestTitle(manifest)}: apiVersion`,
      `"${manifest.apiVersion}" is not known`,
      `Write ${API_VERSION}`,
    );
  }
  const parsed = schema.safeParse(withoutNulls(manifest.spec));
  if (parsed.success) return parsed.data;
  throw unfit(manifest, parsed.error);
}

/** A field without a value (`disks:` in YAML) says nothing, as to an API server. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const said = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(said.map(([name, field]) => [name, withoutNulls(field)]));
}

/** Names the first problem and tells how many more there are. */
function unfit(manifest: Manifest, error: z.ZodError): Fault {
  const [first, ...more] = error.issues.map(innermost);
  const field = specField(first?.path ?? []);
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  const why = (first?.message ?? 'it does not fit').replace(/^Invalid (input|option): /, '');
  return new Fault(
    'invalid-spec',
    { subject: `${manifestTitle(manifest)}: ${field}`, why: `${why}${rest}`, remedy: 'Correct it in the manifest' },
    { cause: error },
  );
}

/** Where a value may be of several shapes, the problem within the shape it was meant to have. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors.flat().find((problem) => problem.path.length > 0);
  return inner === undefined ? issue : innermost({ ...inner, path: [...issue.path, ...inner.path] });
}

/** `spec.networks[1].vlan`. */
function specField(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (field, key) => (typeof key === 'number' ? `${field}[${key}]` : `${field}.${String(key)}`),
    'spec',
  );
}
