import { describe, expect, it } from 'vitest';
import type { Vmid } from '#pve/ids';
import { type Claim, describeWithClaim, readClaim } from './record.ts';
import { type CloneTodo, formatTodo, readTodo, withoutTodo } from './todo.ts';

const incarnation = 'k3v7q2mzt5ab';
const todo: CloneTodo = {
  incarnation,
  name: 'web-2',
  source: 171338 as Vmid,
  linked: true,
  seedIso: 'shared:iso/x.iso',
  request: { class: { memory: '8Gi', cpu: 4, extraConfig: {}, x: null }, customize: { tags: ['<!-- a -->'] } },
};
const claim: Claim = {
  incarnation,
  digest: '1',
  instance: 'default/prod',
  kind: 'clone',
  name: 'web-2',
  state: 'creating',
  time: 1,
  vmid: 100200 as Vmid,
};

describe('what a clone still has to do', () => {
  it('is one line without the end of a comment in it, its keys sorted, and frozen', () => {
    expect(formatTodo(todo).line).toBe(
      '<!-- virtrigaud-todo 1 {"c":"k3v7q2mzt5ab","i":"shared:iso/x.iso","j":{"cpu":4,"memory":"8Gi"},"l":1,"n":"web-2","o":171338,"z":{"tags":["\\u003c!-- a --\\u003e"]}} -->',
    );
  });

  it('stands before the claim, is never cut for a long text, and neither hides the other', () => {
    const { line } = formatTodo(todo);
    const description = describeWithClaim('x'.repeat(9000), claim, 'cut', line);
    expect([...description]).toHaveLength(8192);
    expect(readClaim(description)).toMatchObject({ kind: 'claim', claim });
    expect(readTodo(description, incarnation)).toMatchObject({ source: 171338, linked: true, name: 'web-2' });
    expect(withoutTodo(readClaim(description).text)).toMatch(/^x+$/);
  });

  it.each([
    ['of another incarnation', formatTodo({ ...todo, incarnation: 'aaaaaaaaaaaa' }).line],
    ['of a later version', formatTodo(todo).line.replace('-todo 1', '-todo 2')],
    ['that is damaged', formatTodo(todo).line.replace('"n"', 'n')],
    ['that is not there', 'a text'],
  ])('counts for nothing %s', (_what, description) => {
    expect(readTodo(description, incarnation)).toBeUndefined();
  });
});
