/** What a built page may load and where it may post to: a policy for the browser, should an answer ever become markup. */
import type { Plugin } from 'vite';

/** The policy of a page that posts to `endpoint`, or to its own server where that is undefined.
 *
 * As a `<meta>`, for static hosts that send no headers; `frame-ancestors` and reports do not work there (CSP 3, §3.3).
 */
export function policyFor(endpoint: URL | undefined): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...(endpoint ? [endpoint.origin] : [])].join(' '),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** A plugin that writes the policy into what is built. The dev server's own scripts and styles are inline. */
export function contentSecurityPolicy(endpoint: URL | undefined): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policyFor(endpoint) },
        // A policy holds for what comes after it.
        injectTo: 'head-prepend',
      },
    ],
  };
}
