/** What a conversation is to the page, whichever generation of useChat holds it. */

/** `asking` waits for the reader's yes or no; `preparing` is a call whose input is still being written. */
export type ToolState = 'preparing' | 'asking' | 'running' | 'done' | 'failed' | 'denied';

export interface ShownFile {
  url: string;
  mediaType: string;
  name?: string | undefined;
}

export interface ShownTool {
  kind: 'tool';
  callId: string;
  name: string;
  state: ToolState;
  input: unknown;
  output?: unknown;
  /** Why it failed. */
  error?: string | undefined;
}

export type ShownPart =
  | { kind: 'text'; text: string }
  | { kind: 'reasoning'; text: string }
  | { kind: 'source'; title: string; url?: string | undefined }
  | { kind: 'data'; name: string; value: unknown }
  | ({ kind: 'file' } & ShownFile)
  | ShownTool;

/** Tokens as the model's server counted them. */
export interface Usage {
  input: number;
  output: number;
}

export interface ShownMessage {
  id: string;
  role: 'user' | 'assistant';
  parts: ShownPart[];
  /** Why the model ended, in the AI SDK's words; undefined while it has not, or where nobody said. */
  finishReason?: string | undefined;
  usage?: Usage | undefined;
}

export type Status = 'ready' | 'submitted' | 'streaming' | 'error';

/** One conversation of useChat: its state, and all that the reader can do to it. */
export interface Conversation {
  messages: ShownMessage[];
  status: Status;
  error: Error | undefined;
  /** Whether the model was asked to go on after tool calls as often as the page does it, and wants more. */
  outOfRounds: boolean;
  send(text: string, files: ShownFile[]): void;
  stop(): void;
  /** Ask anew for the last answer, a failed one too. */
  retry(): void;
  /** Replace a message of the reader's; it keeps its files, and all that followed is dropped. */
  edit(messageId: string, text: string): void;
  /** Say yes or no to a tool call in state `asking`. */
  decide(tool: ShownTool, approved: boolean): void;
  /** Bytes that the messages so far take in the next request's body. */
  historyBytes(): number;
}

/** What a page's useChat is made with. */
export interface ConversationOptions {
  id: string;
  fetch: typeof fetch;
}

/** The text of a message as the reader would copy it. */
export function textOf(message: ShownMessage): string {
  const texts = message.parts.flatMap((part) => (part.kind === 'text' && part.text ? [part.text] : []));
  return texts.join('\n\n');
}

/** `convert`, remembering by identity: a message that did not change keeps its shown form, so it is not drawn anew. */
export function rememberingConverter<M extends object>(
  convert: (message: M) => ShownMessage,
): (message: M) => ShownMessage {
  const known = new WeakMap<M, ShownMessage>();
  return (message) => {
    const found = known.get(message);
    if (found) return found;
    const shown = convert(message);
    known.set(message, shown);
    return shown;
  };
}
