import type { Json } from '../object.ts';
import { isObject, textOf } from '../shape.ts';

export interface CelRule {
  /** `spec.versions[0].schema.openAPIV3Schema.properties.spec` */
  readonly path: string;
  readonly rule: string;
}

/** Every CEL rule in a value, by the place it is at. */
export function celRulesIn(value: Json | undefined, path: string): CelRule[] {
  if (Array.isArray(value)) return value.flatMap((item: Json, index) => celRulesIn(item, `${path}[${index}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    if (name !== 'x-kubernetes-validations' || !Array.isArray(member)) return celRulesIn(member, `${path}.${name}`);
    return member.map((rule: Json) => ({ path, rule: isObject(rule) ? textOf(rule['rule']) : '' }));
  });
}
