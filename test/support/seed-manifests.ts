// The VirtRigaud objects of the provider's documentation, as they stand there: its YAML blocks, parted at `---` and where
// a `---` is missing, nothing else touched. Found in $FACTS_DIR, by default ../shared.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(process.env['FACTS_DIR'] ?? '../shared', 'seed/proxmox-provider.md');

export const seedIsMissing = !existsSync(file);
export const seedSkipNote = seedIsMissing ? ' (skipped: ../shared is not here)' : '';

export interface SeedManifest {
  /** `VMClass/small, line 497`. */
  readonly title: string;
  readonly kind: string;
  readonly name: string;
  /** YAML. */
  readonly text: string;
}

/** In the order of the document. */
export function seedManifests(): readonly SeedManifest[] {
  if (seedIsMissing) return [];
  return yamlBlocks(readFileSync(file, 'utf8')).flatMap(({ line, lines }) =>
    documents(lines)
      .filter((text) => /^apiVersion: infra\.virtrigaud\.io\//m.test(text))
      .map((text) => seedManifest(text, line)),
  );
}

function seedManifest(text: string, line: number): SeedManifest {
  const kind = /^kind: (\S+)/m.exec(text)?.[1] ?? '';
  const name = /^ {2}name: (\S+)/m.exec(text)?.[1] ?? '';
  return { title: `${kind}/${name}, line ${line}`, kind, name, text };
}

interface Block {
  /** Of its first line, from 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

/** The blocks fenced as YAML, without the indent of their fence. */
function yamlBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const indent = /^( *)```yaml$/.exec(lines[at] ?? '')?.[1];
    if (indent === undefined) continue;
    const end = lines.indexOf(`${indent}\`\`\``, at);
    blocks.push({ line: at + 2, lines: lines.slice(at + 1, end).map((text) => text.slice(indent.length)) });
    at = end;
  }
  return blocks;
}

/** A second `apiVersion:` begins an object of its own, whether `---` stands before it or not. */
function documents(lines: readonly string[]): string[] {
  const texts: string[][] = [[]];
  for (const line of lines) {
    const begins = line === '---' || (line.startsWith('apiVersion:') && texts.at(-1)?.some(isApiVersion) === true);
    if (begins) texts.push([]);
    if (line !== '---') texts.at(-1)?.push(line);
  }
  return texts.map((text) => `${text.join('\n')}\n`);
}

function isApiVersion(line: string): boolean {
  return line.startsWith('apiVersion:');
}
