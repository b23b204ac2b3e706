/** Where the page's requests go: LAMBDA_ENDPOINT, read once for the dev server and the build. */
import type { ServerResponse } from 'node:http';
import type { ProxyOptions } from 'vite';

/** The page's own address of the chat, which the dev server hands on. */
export const PAGE_API = '/api/chat';

/** Where `python -m emulator` listens unless it is told otherwise. */
export const EMULATOR = 'http://127.0.0.1:9001/';

/** The endpoint as a URL, or undefined where the environment has none.
 *
 * @throws Error saying what is expected, where it is no http(s) address, or has credentials in it.
 */
export function readEndpoint(environment: Record<string, string | undefined>): URL | undefined {
  const text = environment.LAMBDA_ENDPOINT?.trim();
  if (!text) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Error(
      `LAMBDA_ENDPOINT is ${JSON.stringify(text)}; it must be an http or https address, for example ${EMULATOR}`,
    );
  }
  // Not repeated here: what this says may be read in a log.
  if (url.username || url.password) {
    throw new Error(
      `LAMBDA_ENDPOINT has a user or a password in it, which the page would show to everyone; give ${url.origin}${url.pathname} and let the endpoint itself decide who may call it.`,
    );
  }
  return url;
}

/** The largest body, as the endpoint's own CHAT_MAX_BODY_BYTES says it. */
export function readMaxBodyBytes(environment: Record<string, string | undefined>): number {
  const text = environment.CHAT_MAX_BODY_BYTES?.trim() || '262144';
  const bytes = Number(text);
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new Error(`CHAT_MAX_BODY_BYTES is ${JSON.stringify(text)}; it must be a whole number of bytes.`);
  }
  return bytes;
}

/** The path at the endpoint for a path of the page: `/api/chat/ID/stream` becomes `PATH/ID/stream`. */
export function endpointPath(endpoint: URL, path: string): string {
  const rest = path.slice(PAGE_API.length);
  if (rest === '' || rest.startsWith('?')) return endpoint.pathname + rest;
  return endpoint.pathname.replace(/\/$/, '') + rest;
}

/** The dev server's proxy. It hands bytes on as they come; a Function URL answers to its own host name alone. */
export function proxyTo(endpoint: URL): Record<string, ProxyOptions> {
  return {
    [PAGE_API]: {
      target: endpoint.origin,
      changeOrigin: true,
      rewrite: (path) => endpointPath(endpoint, path),
      configure(proxy) {
        proxy.on('proxyRes', (answer, _request, response) => {
          // The proxy hands on the bytes but not that they broke off: the page would wait for the rest for ever.
          answer.once('close', () => {
            if (!answer.complete) response.destroy();
          });
        });
        proxy.on('error', (error, _request, response) => {
          // Before the answer began; afterwards the broken stream speaks for itself.
          if (!('writeHead' in response) || (response as ServerResponse).headersSent) return;
          const said = `The page's server could not reach ${endpoint.href}: ${error.message || error.name}.`;
          (response as ServerResponse).writeHead(502, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ success: false, error: said }));
        });
      },
    },
  };
}
