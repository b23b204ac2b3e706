/** Says after a build what each page costs its reader: gzipped bytes of all that its HTML loads at once. */
import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** A plugin that prints one line a page. */
export function pageSizes(): Plugin {
  return {
    name: 'page-sizes',
    apply: 'build',
    writeBundle(_options, bundle) {
      for (const name of Object.keys(bundle).filter((file) => file.endsWith('.html'))) {
        const files = loadedBy(name, bundle);
        const bytes = files.reduce((sum, file) => sum + gzipSync(content(bundle[file])).byteLength, 0);
        this.info(`${name}: ${(bytes / 1000).toFixed(1)} kB gzip in ${files.length} files`);
      }
    },
  };
}

function loadedBy(page: string, bundle: Rolldown.OutputBundle): string[] {
  const html = content(bundle[page]).toString();
  const found = new Set([page]);
  const visit = (file: string) => {
    const output = bundle[file];
    if (!output || found.has(file)) return;
    found.add(file);
    if (output.type === 'chunk') output.imports.forEach(visit);
  };
  for (const match of html.matchAll(/(?:src|href)="(?:\.?\/)([^"]+)"/g)) visit(match[1] as string);
  return [...found];
}

function content(output: Rolldown.OutputAsset | Rolldown.OutputChunk | undefined): Buffer {
  if (!output) return Buffer.alloc(0);
  return Buffer.from(output.type === 'chunk' ? output.code : output.source);
}
