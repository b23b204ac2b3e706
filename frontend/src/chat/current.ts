/** useChat of the current AI SDK (ai@7, UI message stream) as a conversation of the page. */
import { useChat } from '@ai-sdk/react';
import {
  DefaultChatTransport,
  type FileUIPart,
  getToolName,
  isDataUIPart,
  isToolUIPart,
  type UIMessage,
} from 'ai';
import { useCallback, useMemo } from 'react';
import {
  type Conversation,
  type ConversationOptions,
  type Ending,
  rememberingConverter,
  type ShownMessage,
  type ShownPart,
  type ShownTool,
  type ToolState,
  withEnding,
} from './conversation.ts';
import { useRemembered, useRemembering } from './remembered.ts';
import { isOutOfRounds, readyForNextRound } from './rounds.ts';
import { DECLARED_TOOLS, needsApproval, runTool } from './tools.ts';

interface Metadata {
  finishReason?: string;
  usage?: { inputTokens?: number; outputTokens?: number };
}
type Message = UIMessage<Metadata>;
type Part = Message['parts'][number];

/** A screen is drawn anew at most this often, however many deltas come: milliseconds. */
const DRAW_EVERY = 50;

export function useCurrentConversation({ id, fetch }: ConversationOptions): Conversation {
  const transport = useMemo(
    () => new DefaultChatTransport<Message>({ api: __API__, fetch, body: { tools: DECLARED_TOOLS } }),
    [fetch],
  );
  const { initial, endings, end } = useRemembered<Message>(id);
  const chat = useChat<Message>({
    id,
    messages: initial,
    transport,
    throttle: DRAW_EVERY,
    sendAutomaticallyWhen: readyForNextRound,
    onToolCall({ toolCall }) {
      if (!needsApproval(toolCall.toolName)) finish(toolCall.toolCallId, toolCall.toolName, toolCall.input);
    },
    onFinish: ({ message, ...how }) => end(message.id, ending(message, how)),
  });
  const { messages, status, addToolOutput, addToolApprovalResponse } = chat;

  useRemembering(id, messages, endings, status);

  // Never awaited: the client runs these after the callback or click that they come from.
  function finish(toolCallId: string, tool: string, input: unknown) {
    const outcome = runTool(tool, input);
    if ('error' in outcome) {
      void addToolOutput({ tool, toolCallId, state: 'output-error', errorText: outcome.error });
    } else void addToolOutput({ tool, toolCallId, output: outcome.output });
  }

  async function decide(tool: ShownTool, approved: boolean) {
    const approval = approvalOf(messages, tool.callId);
    if (approval) await addToolApprovalResponse({ id: approval, approved });
    if (approved) finish(tool.callId, tool.name, tool.input);
    else if (!approval) {
      // The endpoint did not ask, so a refusal is said as a tool's failure, which every endpoint takes.
      const errorText = 'The user did not allow it.';
      void addToolOutput({ tool: tool.name, toolCallId: tool.callId, state: 'output-error', errorText });
    }
  }

  const shown = useMemo(
    () => messages.map((message) => withEnding(show(message), endings)),
    [messages, endings],
  );
  return {
    messages: shown,
    status,
    error: chat.error,
    outOfRounds: status === 'ready' && isOutOfRounds({ messages }),
    send: (text, files) => {
      void chat.sendMessage({
        parts: [...files.map(filePart), ...(text ? [{ type: 'text' as const, text }] : [])],
      });
    },
    stop: useCallback(() => void chat.stop(), [chat.stop]),
    retry: useCallback(() => void chat.regenerate(), [chat.regenerate]),
    edit: (messageId, text) => {
      const edited = messages.find((message) => message.id === messageId);
      const files = edited?.parts.filter((part) => part.type === 'file') ?? [];
      void chat.sendMessage({ parts: [...files, { type: 'text', text }], messageId });
    },
    decide: (tool, approved) => void decide(tool, approved),
    historyBytes: () => new Blob([JSON.stringify(messages)]).size,
  };
}

interface How {
  isAbort: boolean;
  isError: boolean;
  finishReason?: string | undefined;
}

function ending({ metadata }: Message, { isAbort, isError, finishReason }: How): Ending {
  if (isAbort) return { stopped: true };
  // What the metadata say may be of a round before the one that failed.
  if (isError) return {};
  const { usage } = metadata ?? {};
  return {
    finishReason: metadata?.finishReason ?? finishReason ?? 'unknown',
    usage: usage && { input: usage.inputTokens ?? 0, output: usage.outputTokens ?? 0 },
  };
}

function approvalOf(messages: Message[], callId: string): string | undefined {
  for (const part of messages.flatMap((message) => message.parts)) {
    if (isToolUIPart(part) && part.toolCallId === callId && part.state === 'approval-requested')
      return part.approval.id;
  }
  return undefined;
}

function filePart({
  url,
  mediaType,
  name,
}: {
  url: string;
  mediaType: string;
  name?: string | undefined;
}): FileUIPart {
  return { type: 'file', url, mediaType, ...(name === undefined ? {} : { filename: name }) };
}

const show = rememberingConverter<Message>((message): ShownMessage => {
  return {
    id: message.id,
    role: message.role === 'user' ? 'user' : 'assistant',
    parts: message.parts.flatMap(showPart),
  };
});

/** Kinds that the page does not know are left out: newer endpoints may send them. */
function showPart(part: Part): ShownPart[] {
  if (isToolUIPart(part)) {
    const name = getToolName(part);
    return [
      {
        kind: 'tool',
        callId: part.toolCallId,
        name,
        state: toolState(part.state, name),
        input: part.input,
        output: part.output,
        error: part.errorText,
      },
    ];
  }
  if (isDataUIPart(part)) return [{ kind: 'data', name: part.type.slice('data-'.length), value: part.data }];
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return [{ kind: part.type, text: part.text }];
    case 'source-url':
      return [{ kind: 'source', url: part.url, title: part.title || part.url }];
    case 'source-document':
      return [{ kind: 'source', title: part.title || part.filename || part.mediaType }];
    case 'file':
      return [{ kind: 'file', url: part.url, mediaType: part.mediaType, name: part.filename }];
    default:
      return [];
  }
}

type ClientState = Extract<Part, { toolCallId: string }>['state'];

function toolState(state: ClientState, name: string): ToolState {
  switch (state) {
    case 'input-streaming':
      return 'preparing';
    case 'input-available':
      // Also where the endpoint itself does not ask: the page runs such a tool only when told to.
      return needsApproval(name) ? 'asking' : 'running';
    case 'approval-requested':
      return 'asking';
    case 'approval-responded':
      return 'running';
    case 'output-available':
      return 'done';
    case 'output-error':
      return 'failed';
    case 'output-denied':
      return 'denied';
  }
}
