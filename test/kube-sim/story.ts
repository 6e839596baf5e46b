// A story told in command lines: each finds what those before it have left.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectlProgram } from '../support/kubectl.ts';
import { openShell, type Shell } from './shell.ts';

export interface Step {
  /** As it is typed, for bash. */
  readonly line: string;
  /** 0 where it is not said. */
  readonly exit?: number;
  readonly prints?: Text;
  /** On standard error; where it is not said, nothing. */
  readonly complains?: Text;
  /** All that the server is asked meanwhile. */
  readonly asks?: readonly string[];
  /** What is there afterwards: `machines/web`, `team/secrets/login`. Undefined: nothing is. */
  readonly leaves?: Readonly<Record<string, object | undefined>>;
}

/** All of it, with `<age>` for any age; or parts of it. */
type Text = string | readonly string[] | RegExp;

export function tellStory(title: string, steps: readonly Step[]): void {
  describe.skipIf(kubectlProgram === undefined)(`${title} (skipped where there is no kubectl)`, () => {
    let shell: Shell;
    beforeAll(async () => {
      shell = await openShell();
    });
    afterAll(async () => await shell.close());

    test.for(steps.map((step) => [step.line.replaceAll('%', '%%'), step] as const))('%s', async ([, step]) => {
      shell.asked.splice(0);
      const { code, stdout, stderr } = await shell.run(step.line);
      if (step.asks !== undefined) expect(shell.asked).toEqual(step.asks);
      expect(`${code}: ${code === (step.exit ?? 0) ? '' : stderr}`).toBe(`${step.exit ?? 0}: `);
      expectText(stdout, step.prints);
      expectText(stderr, step.complains ?? '');
      for (const [what, wanted] of Object.entries(step.leaves ?? {})) await expectObject(shell, what, wanted);
    });
  });
}

/** Ages, and what kubectl says since 1.34, and to a server much older or newer than itself. */
const IN_OTHER_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b\d+(m\d+)?[sm]\b/g, '<age>'],
  [/(?<= deleted) from \S+ namespace/g, ''],
  [/^warning: version difference between client .*\n/gim, ''],
];

function expectText(text: string, wanted: Text | undefined): void {
  const shown = IN_OTHER_WORDS.reduce((said, [words, usual]) => said.replaceAll(words, usual), text);
  if (wanted === undefined) return;
  if (typeof wanted === 'string') expect(shown.trimEnd()).toBe(wanted.trimEnd());
  else if (wanted instanceof RegExp) expect(shown).toMatch(wanted);
  else for (const part of wanted) expect(shown).toContain(part);
}

async function expectObject({ api }: Shell, what: string, wanted: object | undefined): Promise<void> {
  const [name = '', plural = '', namespace = 'default'] = what.split('/').toReversed();
  const { status, body } = await api.call('GET', pathOf(plural, namespace, name));
  if (wanted === undefined) expect([what, status]).toEqual([what, 404]);
  else expect(body).toMatchObject(wanted);
}

function pathOf(plural: string, namespace: string, name: string): string {
  if (plural === 'namespaces') return `/api/v1/namespaces/${name}`;
  const root = plural === 'machines' ? '/apis/example.test/v1' : '/api/v1';
  return `${root}/namespaces/${namespace}/${plural}/${name}`;
}

/** How each story begins: the kind is there, and two machines. */
export const BEGINNING: readonly Step[] = [
  {
    line: 'kubectl apply -f definition.yaml',
    prints: 'customresourcedefinition.apiextensions.k8s.io/machines.example.test created',
  },
  {
    line: 'kubectl wait --for=condition=Established crd/machines.example.test --timeout=10s',
    prints: 'customresourcedefinition.apiextensions.k8s.io/machines.example.test condition met',
  },
  {
    line: 'kubectl apply -f web.yaml -f db.yaml',
    prints: 'machine.example.test/web created\nmachine.example.test/db created',
    leaves: { 'machines/web': { spec: { pool: 'red', cpus: 2 } }, 'machines/db': { spec: { pool: 'blue' } } },
  },
];
