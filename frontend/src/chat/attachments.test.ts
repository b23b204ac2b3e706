import { expect, test } from 'vitest';
import { ACCEPTED, isText, tooLarge } from './attachments.ts';

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

test('room is left for what a body has beside its messages', () => {
  const own = JSON.stringify({ text: 'Hello', files: [] }).length;
  const most = LIMIT - 4_096 - own;
  expect(tooLarge('Hello', [], most, LIMIT)).toBeUndefined();
  expect(tooLarge('Hello', [], most + 1, LIMIT)).toMatch(/new chat/);
  expect(tooLarge('x'.repeat(LIMIT - 4_096), [], 0, LIMIT)).toMatch(/^This message has/);
});

test('text counts in bytes of UTF-8', () => {
  expect(tooLarge('ü'.repeat(140_000), [], 0, LIMIT)).toBeDefined();
  expect(tooLarge('u'.repeat(140_000), [], 0, LIMIT)).toBeUndefined();
});

test.each<[string, string, boolean]>([
  ['notes.md', '', true],
  ['notes.md', 'text/markdown', true],
  ['TABLE.CSV', 'application/vnd.ms-excel', true],
  ['data.json', 'application/json', true],
  ['feed', 'application/atom+xml', true],
  ['program.ts', 'video/mp2t', true],
  ['page.unheard', 'text/plain;charset=utf-8', true],
  ['Makefile', '', true],
  ['.gitignore', 'application/octet-stream', true],
  ['small.zip', 'application/zip', false],
  ['small.zip', '', false],
  ['small.zip', 'application/octet-stream', false],
  ['letter.docx', '', false],
  ['archive.tar.gz', 'application/gzip', false],
  ['song', 'audio/mpeg', false],
  ['picture.heic', 'image/heic', false],
])('%s of type "%s" may be text: %s', (name, type, expected) => {
  expect(isText({ name, type })).toBe(expected);
});

test('the picker offers what the endpoint takes', () => {
  const offered = ACCEPTED.split(',');
  for (const type of ['image/png', 'application/pdf', 'text/*', '.md', '.json', '.csv'])
    expect(offered).toContain(type);
  expect(new Set(offered).size).toBe(offered.length);
});
