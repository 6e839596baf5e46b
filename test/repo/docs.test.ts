import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { areMissing, listFile, recordedEndpoints } from '../../scripts/recorded-endpoints.ts';
import { renderCrds } from '../../scripts/render-crds.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { renderDocs } from '../../scripts/render-docs.ts';

describe('a page that comes from a table', () => {
  it.each(Object.entries(renderDocs()))('docs/%s is current (npm run docs)', (page, text) => {
    expect(readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8')).toBe(text);
  });
});

describe('a CRD', () => {
  it.each(Object.entries(renderCrds()))('crds/%s is current (npm run docs)', (file, text) => {
    expect(readFileSync(join(import.meta.dirname, '../../crds', file), 'utf8')).toBe(text);
  });
});

it('deploy/manager.yaml runs this version', () => {
  const text = readFileSync(join(import.meta.dirname, '../../deploy/manager.yaml'), 'utf8');
  expect(text).toContain(`image: virtrigaud/virtrigaud-manager:${packageJson.version}\n`);
});

const skipNote = areMissing ? ' (skipped: ../shared is not here)' : '';

it.skipIf(areMissing)(`the list of recorded endpoints is what the recordings call (npm run docs)${skipNote}`, () => {
  const kept = JSON.parse(readFileSync(listFile, 'utf8')) as unknown;
  expect(kept).toEqual(recordedEndpoints());
});
