// How operations are named (recordings 001, 011): `listExampleTestV1NamespacedMachine`, with the tag `exampleTest_v1`.

/** `example.test` with a capital at every start but the first, unless it is not the beginning of the name. */
function words(text: string, capital: boolean): string {
  const joined = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return joined.map((word, index) => (index > 0 || capital ? word[0]?.toUpperCase() + word.slice(1) : word)).join('');
}

/** Kubernetes' own groups go without their domain, the core group by its name. */
function shortGroup(group: string): string {
  return group === '' ? 'core' : group.replace(/\.k8s\.io$/, '');
}

/** `exampleTest_v1`, `core_v1`, `exampleTest`. */
export function tagOf(group: string, version?: string): string {
  const name = words(shortGroup(group), false);
  return version === undefined ? name : `${name}_${words(version, false)}`;
}

/** `ExampleTestV1`, as it stands within the name of an operation. */
export function groupInName(group: string, version = ''): string {
  return words(shortGroup(group), true) + words(version, true);
}

/** `a Machine`, `an Event`. */
export function withArticle(kind: string): string {
  return `${/^[AEIOU]/i.test(kind) ? 'an' : 'a'} ${kind}`;
}
