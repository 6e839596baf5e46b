// Bundles each program in bin/ to dist/<program>.mjs, with what several share or load later in dist/chunks/: they need Node.js and
// nothing else. A program reads no more than it uses, of which Kubernetes' own client is the largest.
// Bundles start in half the time and a third less memory than the source does, so tests that start programs use them too.
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** CommonJS libraries in a bundle call `require` for Node.js' own modules; an ES module has none. */
const banner =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);";

/** Builds every program; gives the absolute paths of the bundles. Rejects with esbuild's messages. */
export async function buildAll(): Promise<string[]> {
  const outdir = join(root, 'dist');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: await programs(),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: banner },
    logLevel: 'silent',
    write: false,
  });
  await mkdir(join(outdir, 'chunks'), { recursive: true });
  await Promise.all(outputFiles.map((file) => replaceFile(file.path, file.contents)));
  return outputFiles.map((file) => file.path).filter((path) => dirname(path) === outdir);
}

async function programs(): Promise<string[]> {
  const files = await readdir(join(root, 'bin'));
  // `start` starts the sources of the others; it is for a checkout.
  const shipped = files.filter((file) => file.endsWith('.ts') && file !== 'start.ts');
  return shipped.map((file) => join('bin', file));
}

/** By rename, and only where something changed: another test run may be starting this very bundle. */
async function replaceFile(path: string, contents: Uint8Array): Promise<void> {
  const old = await readFile(path).catch(() => undefined);
  if (old?.equals(contents) === true) return;
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, contents);
  await rename(fresh, path);
}

if (import.meta.main) {
  const started = performance.now();
  const bundles = await buildAll();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${bundles.map((path) => `dist/${basename(path)}\n`).join('')}built in ${seconds} s\n`);
}
