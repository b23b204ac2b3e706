import { expect, test } from 'vitest';
import { joinTexts } from './wire.ts';

test.each<[string, string, string]>([
  ['texts', '0:"a"\n0:"b"\n0:"c"\n', '0:"abc"\n'],
  ['escapes', '0:"a\\""\n0:"\\\\"\n0:"\\n"\n', '0:"a\\"\\\\\\n"\n'],
  ['a pair of surrogates', '0:"\\ud83d"\n0:"\\udc9a"\n', '0:"\\ud83d\\udc9a"\n'],
  ['nothing', '', ''],
  ['a heartbeat', '\n\n', '\n\n'],
])('joins %s', (_what, lines, joined) => expect(joinTexts(lines)).toBe(joined));

test.each([
  ['with reasoning, which is no text', 'g:"a"\n0:"b"\ng:"c"\n'],
  ['over a step', '0:"a"\ne:{}\n0:"b"\n'],
  ['with an error', '0:"a"\n3:"b"\n'],
  ['what is no string, so that the client says so', '0:1\n0:2\n0:"\n'],
])('does not join %s', (_what, lines) => expect(joinTexts(lines)).toBe(lines));
