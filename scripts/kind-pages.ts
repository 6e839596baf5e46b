// A page of docs/kinds/ for each kind, from the schemas in src/crd.
import { type CustomResourceDefinition, customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import type { SchemaNode } from '#crd/definition/schema-node';

/** Page below docs/ to its text. */
export function kindPages(): Record<string, string> {
  return Object.fromEntries(customResourceDefinitions().map((crd) => [`kinds/${crd.spec.names.plural}.md`, page(crd)]));
}

function page({ spec: { group, names, versions } }: CustomResourceDefinition): string {
  const [version] = versions;
  const schema = version?.schema.openAPIV3Schema ?? {};
  const columns = version?.additionalPrinterColumns ?? [];
  return [
    `# ${names.kind}`,
    '',
    schema.description ?? '',
    '',
    `\`apiVersion: ${group}/${version?.name}\`, short name \`${names.shortNames.join('`, `')}\`. A field that has to be said is **bold**;`,
    '`[]` is each item of a list, `{}` each value of a map.',
    '',
    ...table('spec', schema.properties?.['spec']),
    ...table('status', schema.properties?.['status']),
    '## `kubectl get`',
    '',
    '| column | from | |',
    '|---|---|---|',
    ...columns.map(
      ({ name, jsonPath, priority }) => `| ${name} | \`${jsonPath}\` | ${priority === 1 ? 'with `-o wide`' : ''} |`,
    ),
    '',
  ].join('\n');
}

function table(part: 'spec' | 'status', node: SchemaNode = {}): string[] {
  return [
    `## \`${part}\``,
    '',
    '| field | type | default | meaning |',
    '|---|---|---|---|',
    ...fieldRows(node, ''),
    '',
  ];
}

function fieldRows(node: SchemaNode, path: string): string[] {
  const { properties = {}, required = [], items, additionalProperties: values } = node;
  return [
    ...Object.entries(properties).flatMap(([name, field]) => {
      const below = path === '' ? name : `${path}.${name}`;
      return [row(below, field, required.includes(name)), ...fieldRows(field, below)];
    }),
    ...(items === undefined ? [] : fieldRows(items, `${path}[]`)),
    ...(typeof values === 'object' ? fieldRows(values, `${path}{}`) : []),
  ];
}

function row(path: string, node: SchemaNode, isRequired: boolean): string {
  const name = isRequired ? `**\`${path}\`**` : `\`${path}\``;
  return `| ${[name, typeText(node), defaultText(node.default), node.description ?? ''].map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function typeText(node: SchemaNode): string {
  const words = node.enum?.filter((word) => typeof word === 'string').map((word) => `\`${word}\``);
  if (words !== undefined) return words.join(', ');
  if (node['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (node.type === undefined) return node.items === undefined ? 'text or object' : 'list or object';
  if (node.type === 'array') return `list of ${PLURALS[typeText(node.items ?? {})] ?? typeText(node.items ?? {})}`;
  if (typeof node.additionalProperties === 'object') return `map of ${typeText(node.additionalProperties)}`;
  return [TYPES[node.type] ?? node.type, range(node)].filter(Boolean).join(', ');
}

const TYPES: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', boolean: 'true or false' };

const PLURALS: Readonly<Record<string, string>> = { object: 'objects', text: 'texts', 'whole number': 'whole numbers' };

function range({ minimum, maximum, format }: SchemaNode): string {
  if (format === 'date-time') return 'a time';
  if (minimum === undefined) return '';
  return maximum === undefined ? `from ${minimum}` : `${minimum} to ${maximum}`;
}

function defaultText(value: unknown): string {
  return value === undefined || JSON.stringify(value) === '{}'
    ? ''
    : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}
