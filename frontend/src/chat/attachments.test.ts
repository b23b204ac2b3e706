import { expect, test } from 'vitest';
import { tooLarge } from './attachments.ts';

const LIMIT = 262_144;
const file = (bytes: number) => ({
  url: `data:text/plain;base64,${'A'.repeat(bytes)}`,
  mediaType: 'text/plain',
});

test('a message that fits says nothing', () => {
  expect(tooLarge('Hello', [], 0, LIMIT)).toBeUndefined();
  expect(tooLarge('Hello', [file(200_000)], 20_000, LIMIT)).toBeUndefined();
});

test('one that is too large by itself says so', () => {
  expect(tooLarge('Hello', [file(300_000)], 0, LIMIT)).toMatch(/^This message has 301 kB; .* 262 kB/);
});

test('one that is too large with all that is posted again advises a new chat', () => {
  expect(tooLarge('Hello', [file(100_000)], 200_000, LIMIT)).toMatch(/new chat/);
});

test('text counts in bytes of UTF-8', () => {
  expect(tooLarge('ü'.repeat(140_000), [], 0, LIMIT)).toBeDefined();
  expect(tooLarge('u'.repeat(140_000), [], 0, LIMIT)).toBeUndefined();
});
