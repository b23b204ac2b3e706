import type { UIMessage } from 'ai';
import { expect, test } from 'vitest';
import { readyForNextRound } from './rounds.ts';

type Part = UIMessage['parts'][number];

const tool = (state: string, more: object = {}) =>
  ({ type: 'tool-set_theme', toolCallId: state, state, input: {}, ...more }) as Part;
const done = tool('output-available', { output: 1 });
const failed = tool('output-error', { errorText: 'no' });
const approved = tool('approval-responded', { approval: { id: 'a', approved: true } });
const refused = tool('approval-responded', { approval: { id: 'b', approved: false } });
const asked = tool('approval-requested', { approval: { id: 'c' } });
const step: Part = { type: 'step-start' };
const text: Part = { type: 'text', text: 'Done.', state: 'done' };

test.each<[string, boolean, Part[]]>([
  ['every call has its output', true, [step, done, failed]],
  ['a call was refused', true, [step, refused]],
  ['one was refused, the other ran', true, [step, refused, done]],
  ['one was refused, the other was approved but has yet to run', false, [step, refused, approved]],
  ['approved, not yet run', false, [step, approved]],
  ['one waits for the reader', false, [step, done, asked]],
  ['one is running', false, [step, done, tool('input-available')]],
  ['the calls were those of an earlier step', false, [step, done, step, text]],
  ['there is no call', false, [step, text]],
])('%s: posted again %s', (_how, expected, parts) => {
  const messages: UIMessage[] = [{ id: '1', role: 'assistant', parts }];
  expect(readyForNextRound({ messages })).toBe(expected);
});
