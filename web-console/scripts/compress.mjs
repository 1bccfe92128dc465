// Puts a gzip copy beside every text file of the build. The control plane serves it to browsers that take it.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
for (const name of await readdir(dist, { recursive: true })) {
  if (!/\.(html|js|css|svg)$/.test(name)) continue;
  const plain = await readFile(dist + name);
  const packed = gzipSync(plain, { level: 9 });
  if (packed.length < plain.length) await writeFile(`${dist}${name}.gz`, packed);
}
