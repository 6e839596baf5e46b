/** Fields of an object of which nothing is known but that it is JSON. */
export interface Fields {
  /** undefined where there is no such text, or an empty one. */
  text(...path: readonly string[]): string | undefined;
  number(...path: readonly string[]): number | undefined;
  list(...path: readonly string[]): readonly Fields[];
  texts(...path: readonly string[]): readonly string[];
}

export function readFields(value: unknown): Fields {
  const at = (path: readonly string[]): unknown => path.reduce<unknown>(memberOf, value);
  const listAt = (path: readonly string[]): readonly unknown[] => {
    const list = at(path);
    return Array.isArray(list) ? list : [];
  };
  return {
    text: (...path) => {
      const text = at(path);
      return typeof text === 'string' && text !== '' ? text : undefined;
    },
    number: (...path) => {
      const number = at(path);
      return typeof number === 'number' ? number : undefined;
    },
    list: (...path) => listAt(path).map(readFields),
    texts: (...path) => listAt(path).filter((one) => typeof one === 'string'),
  };
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
