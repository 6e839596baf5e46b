// anyOf, oneOf, allOf and not. Where several could be meant, the one that most checks agree with tells what is wrong.
import { wrongAsAWhole } from './faults.ts';
import { Findings } from './findings.ts';
import type { Schema } from './schema.ts';

type CheckPart = (schema: Schema) => Findings;

export function checkCombinations(schema: Schema, path: string, checkPart: CheckPart): Findings {
  const findings = new Findings();
  if (schema.anyOf !== undefined && schema.anyOf.length > 0) findings.merge(anyOf(schema.anyOf, path, checkPart));
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) findings.merge(oneOf(schema.oneOf, path, checkPart));
  if (schema.allOf !== undefined && schema.allOf.length > 0) findings.merge(allOf(schema.allOf, path, checkPart));
  if (schema.not !== undefined && checkPart(schema.not).isValid)
    findings.add(wrongAsAWhole(path, 'must not validate the schema (not)'));
  findings.matches += 1;
  return findings;
}

function anyOf(schemas: readonly Schema[], path: string, checkPart: CheckPart): Findings {
  let best: Findings | undefined;
  for (const schema of schemas) {
    const found = checkPart(schema);
    if (found.isValid) return found;
    if (best === undefined || found.matches > best.matches) best = found;
  }
  const findings = Findings.of(wrongAsAWhole(path, 'must validate at least one schema (anyOf)'));
  if (best !== undefined) findings.merge(best);
  return findings;
}

function oneOf(schemas: readonly Schema[], path: string, checkPart: CheckPart): Findings {
  const all = schemas.map(checkPart);
  const valid = all.filter(({ isValid }) => isValid);
  if (valid.length === 1 && valid[0] !== undefined) return valid[0];
  const what = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
  const findings = Findings.of(wrongAsAWhole(path, `must validate one and only one schema (oneOf). ${what}`));
  if (valid.length === 0) findings.merge(nearest(all));
  return findings;
}

function nearest(all: readonly Findings[]): Findings {
  return all.reduce((best, found) => (found.matches > best.matches ? found : best));
}

function allOf(schemas: readonly Schema[], path: string, checkPart: CheckPart): Findings {
  const all = schemas.map(checkPart);
  const findings = new Findings();
  findings.merge(...all);
  const valid = all.filter(({ isValid }) => isValid).length;
  if (valid < all.length)
    findings.add(wrongAsAWhole(path, `must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`));
  return findings;
}
