import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpProxy, ProxyOptions } from 'vite';
import { describe, expect, test } from 'vitest';
import { endpointPath, PAGE_API, proxyTo, readEndpoint, readMaxBodyBytes } from './endpoint.ts';

test.each([
  ['https://x.on.aws/', '/api/chat', '/'],
  ['https://x.on.aws', '/api/chat?chatId=1', '/?chatId=1'],
  ['https://x.on.aws/', '/api/chat/7/stream', '/7/stream'],
  [
    'http://h:9000/2015-03-31/functions/function/invocations',
    '/api/chat',
    '/2015-03-31/functions/function/invocations',
  ],
  ['https://x.on.aws/prod/chat/', '/api/chat/7/stream', '/prod/chat/7/stream'],
])('%s answers for %s at %s', (endpoint, path, expected) => {
  expect(endpointPath(new URL(endpoint), path)).toBe(expected);
});

test('no endpoint is none, and spaces around one do no harm', () => {
  expect(readEndpoint({})).toBeUndefined();
  expect(readEndpoint({ LAMBDA_ENDPOINT: ' ' })).toBeUndefined();
  expect(readEndpoint({ LAMBDA_ENDPOINT: ' https://x.on.aws ' })?.href).toBe('https://x.on.aws/');
});

test.each(['x.on.aws', '/api/chat', 'ftp://x', 'javascript:alert(1)'])(
  '%s is no endpoint',
  (LAMBDA_ENDPOINT) => {
    expect(() => readEndpoint({ LAMBDA_ENDPOINT })).toThrow(/must be an http or https address/);
  },
);

test.each([
  'https://me:secret@x.on.aws/chat',
  'https://secret@x.on.aws/chat',
  'https://:secret@x.on.aws/chat',
])('credentials do not come into the page: %s', (LAMBDA_ENDPOINT) => {
  const read = () => readEndpoint({ LAMBDA_ENDPOINT });
  expect(read).toThrow(/has a user or a password in it.*give https:\/\/x\.on\.aws\/chat/);
  expect(read).not.toThrow(/secret/);
});

describe('an error of the proxy', () => {
  /** What a browser is told where the proxy reports an error for a request that was answered so far. */
  async function told(answered: string): Promise<[number, string]> {
    const proxy = new EventEmitter() as unknown as HttpProxy.ProxyServer;
    const options: ProxyOptions = {};
    proxyTo(new URL('https://x.on.aws/'))[PAGE_API]?.configure?.(proxy, options);
    const server = createServer((request, response) => {
      if (answered) response.writeHead(200).write(answered);
      proxy.emit('error', new Error('no route'), request, response);
      if (answered) response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const body = await response.text();
    server.closeAllConnections();
    server.close();
    return [response.status, body];
  }

  test('before an answer is one', async () => {
    const error = "The page's server could not reach https://x.on.aws/: no route.";
    expect(await told('')).toEqual([502, JSON.stringify({ success: false, error })]);
  });

  test('during an answer adds nothing to it', async () => {
    expect(await told('data: half')).toEqual([200, 'data: half']);
  });
});

test('the largest body is what the function has', () => {
  expect(readMaxBodyBytes({})).toBe(262_144);
  expect(readMaxBodyBytes({ CHAT_MAX_BODY_BYTES: '1000000' })).toBe(1_000_000);
  expect(() => readMaxBodyBytes({ CHAT_MAX_BODY_BYTES: '1 MB' })).toThrow(/whole number/);
});
