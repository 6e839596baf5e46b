import { describe, expect, it } from 'vitest';
import type { Vmid } from '#pve/ids';
import { imageFileName, parseImageFile } from './image-file.ts';
import { formatImageTodo, type ImageTodo, readImageTodo, withoutImageTodo } from './image-todo.ts';
import { type Claim, describeWithClaim, readClaim } from './record.ts';

const incarnation = 'k3v7q2mzt5ab';
const todo: ImageTodo = {
  incarnation,
  target: 'ubuntu-24',
  url: 'https://images.example/a.img?x=<1>',
  checksum: { algorithm: 'sha256', value: 'ab12' },
  formats: ['qcow2', 'raw'],
  importStorage: 'local',
  storage: 'local-lvm',
  diskFormat: undefined,
};
const claim: Claim = {
  incarnation,
  digest: '1',
  instance: 'default/prod',
  kind: 'image',
  name: 'ubuntu-24/ab12',
  state: 'creating',
  time: 1,
  vmid: 100200 as Vmid,
};

describe('what a template still has to become', () => {
  it('is one line without the end of a comment in it, and frozen', () => {
    expect(formatImageTodo(todo)).toBe(
      '<!-- virtrigaud-image 1 {"c":"k3v7q2mzt5ab","f":["qcow2","raw"],"h":"sha256:ab12","i":"local","n":"ubuntu-24","s":"local-lvm","u":"https://images.example/a.img?x=\\u003c1\\u003e"} -->',
    );
  });

  it('stands before the claim, is read back, and goes with it', () => {
    const description = describeWithClaim('', claim, 'cut', formatImageTodo(todo));
    expect(readClaim(description)).toMatchObject({ kind: 'claim', claim });
    expect(readImageTodo(description, incarnation)).toEqual(todo);
    const more = { ...todo, checksum: undefined, diskFormat: 'qcow2', node: 'pve2' };
    expect(readImageTodo(formatImageTodo(more), incarnation)).toEqual(more);
    expect(withoutImageTodo(readClaim(description).text)).toBe('');
  });

  it.each([
    ['of another VM', formatImageTodo({ ...todo, incarnation: 'aaaaaaaaaaaa' })],
    ['of a later version', formatImageTodo(todo).replace('image 1', 'image 2')],
    ['that lacks its URL', formatImageTodo(todo).replace(/,"u":"[^"]*"/, '')],
    ['with a damaged checksum', formatImageTodo(todo).replace('sha256:', '')],
    ['that is no JSON', formatImageTodo(todo).replace('"n"', 'n')],
  ])('counts for nothing %s', (_what, line) => {
    expect(readImageTodo(line, incarnation)).toBeUndefined();
  });
});

describe('the file of a template', () => {
  it('is known by its name, and no other is', () => {
    expect(parseImageFile(imageFileName(100200 as Vmid, incarnation, 'raw'))).toEqual({ vmid: 100200, incarnation });
    expect(parseImageFile('vrtg-image-100200-k3v7q2mzt5ab.raw')).toBeUndefined();
  });
});
