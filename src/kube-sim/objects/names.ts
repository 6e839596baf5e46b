// What may be a name, and what Kubernetes says of one that may not.
const SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';

export type NameRule = (name: string) => readonly string[];

const tooLong = (limit: number): string => `must be no more than ${limit} characters`;

export const subdomain: NameRule = (name) => [
  ...(name.length > 253 ? [tooLong(253)] : []),
  ...(matches(name, SUBDOMAIN)
    ? []
    : [
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
          `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
      ]),
];

export const dnsLabel: NameRule = (name) => [
  ...(name.length > 63 ? [tooLong(63)] : []),
  ...(matches(name, LABEL)
    ? []
    : [
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
          `alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
      ]),
];

/** Of a version, or a name of a custom kind. */
export const dns1035Label: NameRule = (name) => [
  ...(name.length > 63 ? [tooLong(63)] : []),
  ...(matches(name, DNS_1035)
    ? []
    : [
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end " +
          `with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${DNS_1035}')`,
      ]),
];

/** Of a label, an annotation or a finalizer: `prefix/name` or `name`. */
export const qualifiedName: NameRule = (text) => {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) return [qualifiedFault('a qualified name')];
  return [
    ...(parts.length === 2 && parts[0] === '' ? ['prefix part must be non-empty'] : []),
    ...(parts.length === 2 && parts[0] !== '' ? subdomain(parts[0] ?? '').map((fault) => `prefix part ${fault}`) : []),
    ...(name === '' ? ['name part must be non-empty'] : name.length > 63 ? [`name part ${tooLong(63)}`] : []),
    ...(matches(name, QUALIFIED) ? [] : [qualifiedFault('name part')]),
  ];
};

export const labelValue: NameRule = (value) => [
  ...(value.length > 63 ? [tooLong(63)] : []),
  ...(matches(value, LABEL_VALUE)
    ? []
    : [
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
          `with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${LABEL_VALUE}')`,
      ]),
];

/** Of a ConfigMap or a Secret. */
export const dataKey: NameRule = (key) => [
  ...(key.length > 253 ? [tooLong(253)] : []),
  ...(matches(key, '[-._a-zA-Z0-9]+')
    ? []
    : [
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or " +
          "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ]),
  ...(key === '.' ? ["must not be '.'"] : key.startsWith('..') ? ["must not start with '..'"] : []),
];

/** What can stand in a URL is enough. */
export const pathSegment: NameRule = (name) => [
  ...(name === '.' || name === '..' ? [`may not be '${name}'`] : []),
  ...['/', '%'].filter((sign) => name.includes(sign)).map((sign) => `may not contain '${sign}'`),
];

/** The start of a generated name may end where a whole one may not. */
export function ofPrefix(rule: NameRule): NameRule {
  return (prefix) => rule(prefix.endsWith('-') ? `${prefix.slice(0, -1)}a` : prefix);
}

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const LONGEST = 63;

/** @param random below 1, as Math.random */
export function generateName(prefix: string, random: () => number): string {
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () => SUFFIX[Math.floor(random() * SUFFIX.length)]).join('');
  return `${prefix.slice(0, LONGEST - SUFFIX_LENGTH)}${suffix}`;
}

function qualifiedFault(what: string): string {
  const says =
    `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ` +
    `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
  return what === 'name part'
    ? `${what} ${says}`
    : `${what} ${says} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
}

function matches(text: string, pattern: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text) && !text.endsWith('\n');
}
