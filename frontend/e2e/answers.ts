/** An endpoint whose answers a test writes: for what no model says when it is asked to, in both protocols. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What an answer holds: a text, or one call of a tool without arguments. */
export type Answer = { text: string } | { tool: string };

export const callOf = (tool: string): Answer => ({ tool });

/** Posted, as far as it is read here. */
interface Posted {
  /** The data stream's mark of this backend's clients. */
  action?: string;
  messages: { id: string; role: string }[];
}

/** Serve on a free port until disposed of. `asked` counts the answers so far, from which `answer` may choose. */
export async function answering(answer: (asked: number) => Answer) {
  let asked = 0;
  const server = createServer(async (request, response) => {
    const posted = (await json(request)) as Posted;
    asked += 1;
    const write = posted.action ? dataStream : uiMessageStream;
    response.end(write(answer(asked), `call-${asked}`, posted));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get asked() {
      return asked;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function uiMessageStream(answer: Answer, id: string, { messages }: Posted): string {
  const last = messages.at(-1);
  const started = last?.role === 'assistant' ? { type: 'start', messageId: last.id } : { type: 'start' };
  const parts =
    'text' in answer
      ? [
          { type: 'text-start', id },
          { type: 'text-delta', id, delta: answer.text },
          { type: 'text-end', id },
        ]
      : [{ type: 'tool-input-available', toolCallId: id, toolName: answer.tool, input: {} }];
  const events = [started, { type: 'start-step' }, ...parts, { type: 'finish-step' }, { type: 'finish' }];
  return [...events.map((event) => JSON.stringify(event)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join('');
}

function dataStream(answer: Answer, id: string): string {
  const part =
    'text' in answer
      ? `0:${JSON.stringify(answer.text)}`
      : `9:${JSON.stringify({ toolCallId: id, toolName: answer.tool, args: {} })}`;
  const finishReason = 'text' in answer ? 'stop' : 'tool-calls';
  const ending = { finishReason, usage: { promptTokens: 1, completionTokens: 1 } };
  return [
    `f:${JSON.stringify({ messageId: id })}`,
    part,
    `e:${JSON.stringify({ ...ending, isContinued: false })}`,
    `d:${JSON.stringify(ending)}`,
    '',
  ].join('\n');
}
