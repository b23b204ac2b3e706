import { expect, test } from 'vitest';
import {
  type Ending,
  isNotWhole,
  type ShownMessage,
  type ShownPart,
  type ToolState,
  withEnding,
} from './conversation.ts';

const text: ShownPart = { kind: 'text', text: 'So far' };
const call = (state: ToolState): ShownPart => ({ kind: 'tool', callId: 'c', name: 'n', state, input: {} });
const answer = (...parts: ShownPart[]): ShownMessage => ({ id: 'a', role: 'assistant', parts });

test.each<[string, boolean, Ending | undefined, ShownPart[]]>([
  ['whose end nobody saw', true, undefined, [text]],
  ['that failed', true, {}, [text]],
  ['that the reader stopped', true, { stopped: true }, [text]],
  ['that the model ended', false, { finishReason: 'stop' }, [text]],
  ['of which the endpoint did not say why it ended', false, { finishReason: 'unknown' }, [text]],
  ['that asks for permission', false, { finishReason: 'tool-calls' }, [text, call('asking')]],
  ['whose next round did not come', true, { finishReason: 'tool-calls' }, [text, call('done')]],
  ['that ended after a tool', false, { finishReason: 'stop' }, [call('done'), text]],
])('an answer %s is not whole: %s', (_what, expected, ending, parts) => {
  expect(isNotWhole({ ...answer(...parts), ending })).toBe(expected);
});

test('a message and its ending are the same object for as long as both are the same', () => {
  const message = answer(text);
  const endings = { a: { finishReason: 'stop' } };
  const shown = withEnding(message, endings);
  expect(shown.ending).toBe(endings.a);
  expect(withEnding(message, { ...endings, b: {} })).toBe(shown);
  expect(withEnding(answer(text), endings)).not.toBe(shown);
  expect(withEnding(message, {})).toBe(message);
});
