/* The in-cell view and the job page are one script: this puts its parts together for the bundler, as the kernel does for
 * the notebook. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const from = join(here, '..', 'automl_jupyter', 'notebook', 'static');
const order = JSON.parse(readFileSync(join(from, 'parts', 'order.json'), 'utf8'));
const text = order.live.map(part => readFileSync(join(from, 'parts', `${part}.js`), 'utf8')).join('\n');
mkdirSync(join(here, 'lib'), { recursive: true });
for (const folder of ['src', 'lib']) writeFileSync(join(here, folder, 'live.js'), text);
writeFileSync(join(here, 'style', 'live.css'), readFileSync(join(from, 'live.css'), 'utf8'));
