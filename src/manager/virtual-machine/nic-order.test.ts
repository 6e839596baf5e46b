import { expect, it } from 'vitest';
import { inOrderOf } from './nic-order.ts';

const nics = (names: string, vlan?: number): unknown =>
  names.split('').map((name) => (vlan === undefined ? { name } : { name, vlan }));

it.each([
  ['the same', 'ab', 'ab', 'ab'],
  ['in another order', 'abc', 'cab', 'abc'],
  ['without the first', 'ab', 'b', 'ab'],
  ['without the last: it is left alone', 'ab', 'a', 'a'],
  ['with one more, wherever it stands', 'ab', 'xab', 'abx'],
  ['with another in place of one', 'abc', 'axc', 'axc'],
  ['with another in place of one, in another order', 'ab', 'bx', 'xb'],
  ['all others', 'a', 'x', 'x'],
  ['none', 'ab', '', ''],
  ['first ones', '', 'ab', 'ab'],
  ['one name twice', 'aa', 'aa', 'aa'],
])('NICs keep their places: %s', (_title, before, said, told) => {
  expect(inOrderOf(nics(before), nics(said))).toEqual(nics(told));
});

it('what is said counts, and where nothing is said what was said before', () => {
  expect(inOrderOf(nics('ab', 1), nics('b', 2))).toEqual([
    { name: 'a', vlan: 1 },
    { name: 'b', vlan: 2 },
  ]);
});

it.each([
  ['nothing', undefined],
  ['no list', {}],
  ['no names', [{ bridge: 'vmbr0' }]],
  ['null', [null]],
])('what is wrong is told by others: %s', (_title, said) => {
  expect(inOrderOf(nics('ab'), said)).toBe(said);
  expect(inOrderOf(said, nics('ab'))).toEqual(nics('ab'));
});
