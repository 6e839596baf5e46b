type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The same object without the fields that say nothing. */
export function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
