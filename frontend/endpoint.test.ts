import { expect, test } from 'vitest';
import { endpointPath, readEndpoint, readMaxBodyBytes } from './endpoint.ts';

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

test('the largest body is what the function has', () => {
  expect(readMaxBodyBytes({})).toBe(262_144);
  expect(readMaxBodyBytes({ CHAT_MAX_BODY_BYTES: '1000000' })).toBe(1_000_000);
  expect(() => readMaxBodyBytes({ CHAT_MAX_BODY_BYTES: '1 MB' })).toThrow(/whole number/);
});
