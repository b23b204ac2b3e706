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
  /** How it ended; undefined while it has not, and where that was not seen. */
  ending?: Ending | undefined;
}

/** How an answer ended. */
export interface Ending {
  /** Why the model ended, in the AI SDK's words; undefined where it did not come so far. */
  finishReason?: string | undefined;
  usage?: Usage | undefined;
  /** The reader stopped it. */
  stopped?: true;
}

/** How answers ended, by the ids of their messages. */
export type Endings = Readonly<Record<string, Ending>>;

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

const ENDED = new WeakMap<Ending, ShownMessage>();

/** A message and how it ended; the same again for the same two. */
export function withEnding(message: ShownMessage, endings: Endings): ShownMessage {
  const ending = endings[message.id];
  if (!ending) return message;
  const known = ENDED.get(ending);
  if (known?.parts === message.parts) return known;
  const made = { ...message, ending };
  ENDED.set(ending, made);
  return made;
}

/** Whether an answer of which nothing more will come is not whole, by what is known of its end.
 *
 * One that ended to have tools called goes on in another round, unless it waits for the reader: where that round did not
 * come, it is not whole either.
 */
export function isNotWhole({ ending, parts }: ShownMessage): boolean {
  if (ending?.finishReason === undefined) return true;
  const asks = parts.some((part) => part.kind === 'tool' && part.state === 'asking');
  return ending.finishReason === 'tool-calls' && !asks;
}
