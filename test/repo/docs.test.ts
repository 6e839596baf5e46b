import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderDocs } from '../../scripts/render-docs.ts';

describe('a page that comes from a table', () => {
  it.each(Object.entries(renderDocs()))('docs/%s is current (npm run docs)', (page, text) => {
    expect(readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8')).toBe(text);
  });
});
