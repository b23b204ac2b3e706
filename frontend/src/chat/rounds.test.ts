import type { UIMessage } from 'ai';
import { describe, expect, test } from 'vitest';
import { MAX_ROUNDS } from './round-limit.ts';
import { isOutOfRounds, readyForNextRound } from './rounds.ts';

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

describe('a model that calls a tool every time', () => {
  const question: UIMessage = { id: 'q', role: 'user', parts: [{ type: 'text', text: 'Go on' }] };
  const answer = (...parts: Part[]): UIMessage => ({ id: 'a', role: 'assistant', parts });
  const rounds = (count: number) => Array.from({ length: count }, () => [step, done]).flat();

  test.each<[string, boolean, UIMessage[]]>([
    ['as often as the page does', true, [question, answer(...rounds(MAX_ROUNDS))]],
    ['once more', false, [question, answer(...rounds(MAX_ROUNDS + 1))]],
    ['once more, refused', false, [question, answer(...rounds(MAX_ROUNDS), step, refused)]],
    ['once more, over two messages', false, [question, answer(...rounds(MAX_ROUNDS)), answer(step, done)]],
    [
      'for an earlier question',
      true,
      [question, answer(...rounds(MAX_ROUNDS + 1)), question, answer(step, done)],
    ],
    [
      'with steps of text between',
      true,
      [question, answer(...Array.from({ length: 20 }, () => [step, text]).flat(), step, done)],
    ],
    ['with many calls in one step', true, [question, answer(step, ...Array(20).fill(done))]],
  ])('%s: posted again %s', (_how, expected, messages) => {
    expect(readyForNextRound({ messages })).toBe(expected);
    expect(isOutOfRounds({ messages })).toBe(!expected);
  });

  test('the reader is told only once it would go on', () => {
    const asking = answer(...rounds(MAX_ROUNDS), step, asked);
    expect(isOutOfRounds({ messages: [question, asking] })).toBe(false);
    expect(isOutOfRounds({ messages: [question, answer(...rounds(MAX_ROUNDS + 1), step, text)] })).toBe(
      false,
    );
  });
});
