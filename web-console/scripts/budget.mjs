// Fails the build when the first load (everything index.html asks for, plus the fonts) outgrows its budget,
// or when something the content security policy forbids has crept into the page.
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET_KIB = 300;
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const html = await readFile(`${dist}index.html`, 'utf8');

if (/<script(?![^>]*\bsrc=)/.test(html)) throw new Error('index.html has an inline script');
if (/(?:src|href)="https?:/.test(html)) throw new Error('index.html asks another host for something');

const asked = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1]);
const fonts = (await readdir(`${dist}assets`))
  .filter((name) => name.endsWith('.woff2'))
  .map((name) => `assets/${name}`);
let total = gzipSync(html).length;
for (const name of new Set([...asked, ...fonts])) {
  const bytes = await readFile(dist + name);
  const sent = name.endsWith('.woff2') ? bytes.length : gzipSync(bytes).length;
  total += sent;
  console.log(`${(sent / 1024).toFixed(1).padStart(7)} KiB  ${name}`);
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KiB  first load, compressed (budget ${BUDGET_KIB})`);
if (total > BUDGET_KIB * 1024) {
  console.error('the first load is over its budget');
  process.exit(1);
}
