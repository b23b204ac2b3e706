/** useChat of ai@4 (data stream) as a conversation of the page. */
import { type Message, type UseChatOptions, useChat } from '@ai-sdk/react-v4';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import {
  type Conversation,
  type ConversationOptions,
  type Ending,
  rememberingConverter,
  type ShownFile,
  type ShownMessage,
  type ShownPart,
  type ShownTool,
  type ToolState,
  withEnding,
} from './conversation.ts';
import { useRemembered, useRemembering } from './remembered.ts';
import { MAX_ROUNDS } from './round-limit.ts';
import { useThrottled } from './throttled.ts';
import { DECLARED_TOOLS, needsApproval, runTool } from './tools.ts';

type Shown = ReturnType<typeof useChat>['messages'][number];
type Finish = Parameters<NonNullable<UseChatOptions['onFinish']>>[1];

/** A screen is drawn anew at most this often, however many deltas come: milliseconds. */
const DRAW_EVERY = 50;
/** What the model is told of a call that the reader did not allow: ai@4 has no word for it. */
const REFUSED = { error: 'The user did not allow it.' };

export function useVersion4Conversation({ id, fetch }: ConversationOptions): Conversation {
  const { initial: initialMessages, endings, end } = useRemembered<Message>(id);
  // The hook's own experimental_throttle would hold back the result of a tool until after the client has looked whether
  // there is one, and the next round would not begin; so only the drawing is throttled.
  const chat = useChat({
    id,
    api: __API__,
    streamProtocol: 'data',
    body: { action: 'chat-v2-stream', tools: DECLARED_TOOLS },
    initialMessages,
    maxSteps: MAX_ROUNDS,
    fetch,
    onToolCall: ({ toolCall }) =>
      needsApproval(toolCall.toolName) ? undefined : result(toolCall.toolName, toolCall.args),
    onFinish: (message, finish) => end(message.id, ending(finish)),
    onError: () => endLast({}),
  });
  const { status, setMessages, append, addToolResult } = chat;
  const messages = useThrottled(chat.messages, DRAW_EVERY, status === 'streaming');

  useRemembering<Message>(id, chat.messages, endings, status);
  // Of what ended otherwise than by its end, ai@4 tells no message.
  const last = useRef<Message | undefined>(undefined);
  useEffect(() => {
    last.current = chat.messages.at(-1);
  });
  function endLast(how: Ending) {
    if (last.current?.role === 'assistant') end(last.current.id, how);
  }
  // Unlike later generations, ai@4 reads on when the page shows another conversation.
  useEffect(() => chat.stop, [chat.stop]);

  const shown = useMemo(
    () => messages.map((message) => withEnding(show(message), endings)),
    [messages, endings],
  );
  return {
    messages: shown,
    status,
    error: chat.error,
    outOfRounds: status === 'ready' && isOutOfRounds(messages.at(-1)),
    send: (text, files) =>
      void append({ role: 'user', content: text, experimental_attachments: files.map(attachment) }),
    stop: () => {
      chat.stop();
      endLast({ stopped: true });
    },
    retry: useCallback(() => void chat.reload(), [chat.reload]),
    edit: (messageId, text) => {
      const at = messages.findIndex((message) => message.id === messageId);
      const edited = messages[at];
      if (!edited) return;
      setMessages(messages.slice(0, at));
      const { experimental_attachments = [] } = edited;
      void append({ id: edited.id, role: 'user', content: text, experimental_attachments });
    },
    decide: ({ callId, name, input }: ShownTool, approved) =>
      addToolResult({ toolCallId: callId, result: approved ? result(name, input) : REFUSED }),
    historyBytes: () => new Blob([JSON.stringify(messages)]).size,
  };
}

/** Whether the last answer ends with results that the client did not post any more. */
function isOutOfRounds(last: Shown | undefined): boolean {
  if (last?.role !== 'assistant') return false;
  const step = last.parts.slice(last.parts.findLastIndex(({ type }) => type === 'step-start') + 1);
  const calls = step.flatMap((part) => (part.type === 'tool-invocation' ? [part.toolInvocation] : []));
  return (
    calls.some((call) => (call.step ?? 0) >= MAX_ROUNDS) && calls.every(({ state }) => state === 'result')
  );
}

/** A failure is a result too: ai@4 has no state for it. */
function result(name: string, input: unknown): unknown {
  const outcome = runTool(name, input);
  return 'error' in outcome ? outcome : outcome.output;
}

function attachment({ url, mediaType, name }: ShownFile) {
  return { url, contentType: mediaType, ...(name === undefined ? {} : { name }) };
}

function ending({ finishReason, usage }: Finish): Ending {
  // ai@4 says NaN for a count that it was not told.
  const counted = Number.isFinite(usage.promptTokens) && Number.isFinite(usage.completionTokens);
  return {
    finishReason,
    usage: counted ? { input: usage.promptTokens, output: usage.completionTokens } : undefined,
  };
}

const show = rememberingConverter<Shown>((message): ShownMessage => {
  const parts = message.parts.flatMap(showPart);
  const files = (message.experimental_attachments ?? []).map(
    ({ url, contentType, name }): ShownPart => ({
      kind: 'file',
      url,
      mediaType: contentType ?? 'application/octet-stream',
      name,
    }),
  );
  return {
    id: message.id,
    role: message.role === 'user' ? 'user' : 'assistant',
    parts: [...files, ...parts],
  };
});

function showPart(part: Shown['parts'][number]): ShownPart[] {
  switch (part.type) {
    case 'text':
      return [{ kind: 'text', text: part.text }];
    case 'reasoning':
      return [{ kind: 'reasoning', text: part.reasoning }];
    case 'source':
      return [{ kind: 'source', url: part.source.url, title: part.source.title || part.source.url }];
    case 'file':
      return [{ kind: 'file', url: `data:${part.mimeType};base64,${part.data}`, mediaType: part.mimeType }];
    case 'tool-invocation': {
      const { toolInvocation: call } = part;
      const output = call.state === 'result' ? call.result : undefined;
      return [
        {
          kind: 'tool',
          callId: call.toolCallId,
          name: call.toolName,
          state: toolState(call.state, call.toolName, output),
          input: call.args,
          output,
          error: errorIn(output),
        },
      ];
    }
    default:
      return [];
  }
}

function toolState(state: 'partial-call' | 'call' | 'result', name: string, output: unknown): ToolState {
  if (state === 'partial-call') return 'preparing';
  if (state === 'call') return needsApproval(name) ? 'asking' : 'running';
  const error = errorIn(output);
  if (error === REFUSED.error) return 'denied';
  return error === undefined ? 'done' : 'failed';
}

function errorIn(output: unknown): string | undefined {
  if (typeof output !== 'object' || output === null || !('error' in output)) return undefined;
  return typeof output.error === 'string' ? output.error : undefined;
}
