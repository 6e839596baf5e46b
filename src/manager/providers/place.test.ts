import { expect, it } from 'vitest';
import { isSamePlace } from './place.ts';

it.each([
  ['https://a:8006', 'https://a:8006', true],
  ['https://a:8006', 'https://A:8006/', true],
  ['https://a:8006,https://b:8006', 'https://c:8006, https://b:8006', true],
  ['https://a:8006', 'https://b:8006', false],
  // Pods of the old and the new manifest serve side by side.
  ['https://a:8006', undefined, false],
  // Of a time when nobody noted it.
  [undefined, 'https://a:8006', true],
])('%s and %s are one place: %s', (noted, now, is) => {
  expect(isSamePlace(noted, now)).toBe(is);
});
