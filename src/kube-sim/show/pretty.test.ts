import { describe, expect, test } from 'vitest';
import { isPretty } from './pretty.ts';

describe('JSON', () => {
  test.each([
    ['true', 'Go-http-client/1.1', true],
    ['1', undefined, true],
    ['false', 'curl/8.5.0', false],
    ['yes', 'curl/8.5.0', false],
    ['', 'curl/8.5.0', true],
    [undefined, 'curl/8.5.0', true],
    [undefined, 'Mozilla/5.0 (X11)', true],
    [undefined, 'kubectl/v1.32.5 (linux/amd64)', false],
    [undefined, undefined, false],
  ])('for ?pretty=%s and %s is indented: %j', (parameter, userAgent, pretty) => {
    expect(isPretty(parameter, userAgent)).toBe(pretty);
  });
});
