import { expect, test } from 'vitest';
import { firstWrongByte } from './base64.ts';

// What Go 1.23's base64.StdEncoding says: "illegal base64 data at input byte N".
test.each([
  ['', undefined],
  ['YQ==', undefined],
  ['YWI=', undefined],
  ['YW\nI=\n', undefined],
  ['not base64!', 3],
  ['YQ', 0],
  ['YWJjYQ', 4],
  ['YQ=', 3],
  ['YQ=a', 2],
  ['Y===', 1],
  ['====', 0],
  ['YQ==YQ==', 4],
  ['YWI=x', 4],
  ['ä', 0],
])('%j', (text, wrong) => expect(firstWrongByte(text)).toBe(wrong));
