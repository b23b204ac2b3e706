/** The dev server and the build of both pages. */
import process from 'node:process';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { EMULATOR, PAGE_API, proxyTo, readEndpoint, readMaxBodyBytes } from './endpoint.ts';
import { pageSizes } from './page-sizes.ts';

export default defineConfig(({ command, isPreview }) => {
  const given = readEndpoint(process.env);
  const building = command === 'build';
  const proxied = given ?? new URL(EMULATOR);
  const shown = building ? given : proxied;
  if (building && !given) {
    console.info(
      `LAMBDA_ENDPOINT is not set: the page will post to ${PAGE_API} of the server that it comes from.`,
    );
  }
  return {
    // Relative addresses: the built page may lie in any folder of any static host.
    base: building || isPreview ? './' : '/',
    plugins: [react(), contentSecurityPolicy(given), pageSizes()],
    define: {
      __API__: JSON.stringify(building && given ? given.href : PAGE_API),
      __ENDPOINT__: JSON.stringify(shown?.href ?? null),
      __MAX_BODY_BYTES__: JSON.stringify(readMaxBodyBytes(process.env)),
    },
    build: {
      target: 'es2022',
      rolldownOptions: { input: ['index.html', 'v4.html'] },
    },
    server: { host: '127.0.0.1', port: 5173, strictPort: true, proxy: proxyTo(proxied) },
    preview: { host: '127.0.0.1', port: 4173, strictPort: true },
  };
});
