/** The chat page, the same for every generation of useChat. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type Arrival, watchingFetch } from '../chat/arrival.ts';
import type { Conversation, ConversationOptions, ShownMessage, ShownTool } from '../chat/conversation.ts';
import { forget, keep, readKept } from '../chat/kept.ts';
import { OUT_OF_ROUNDS } from '../chat/round-limit.ts';
import type { Wire } from '../chat/wire.ts';
import { Boundary } from './boundary.tsx';
import { Composer } from './composer.tsx';
import { FailureNotice, Unanswered } from './failure-notice.tsx';
import { Header } from './header.tsx';
import { Message } from './message.tsx';
import { PageFailure } from './page-failure.tsx';
import { useStickToBottom } from './use-stick-to-bottom.ts';
import { Welcome } from './welcome.tsx';

/** What makes one page different from the other. */
export interface Page {
  generation: string;
  wire: Wire;
  other: { name: string; href: string };
  useConversation: (options: ConversationOptions) => Conversation;
}

/** A page, with the conversation that this tab had. */
export function ChatPage({ page }: { page: Page }) {
  const name = `chat: ${page.generation}`;
  const [id, setId] = useState(() => readKept(name, newId()));
  useEffect(() => keep(name, id), [name, id]);
  const onNewChat = () => {
    forget(id);
    setId(newId());
  };
  // With another key everything begins anew, the answer that is being read included.
  return (
    <Boundary key={id} fallback={<PageFailure onNewChat={onNewChat} />}>
      <OneChat id={id} page={page} onNewChat={onNewChat} />
    </Boundary>
  );
}

function newId(): string {
  // crypto.randomUUID is missing where the page is served over plain http from another machine.
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

interface Props {
  page: Page;
  id: string;
  onNewChat: () => void;
}

function OneChat({ page, id, onNewChat }: Props) {
  const [arrival, setArrival] = useState<Arrival>();
  const fetch = useMemo(() => watchingFetch(page.wire, setArrival), [page.wire]);
  const conversation = page.useConversation({ id, fetch });
  const { messages, status, error } = conversation;
  const busy = status === 'submitted' || status === 'streaming';
  const input = useRef<HTMLTextAreaElement>(null);
  const { box, content, atEnd, toEnd } = useStickToBottom();

  // Messages are drawn once: what they call stays the same while what it does is the newest.
  const latest = useRef(conversation);
  useEffect(() => {
    latest.current = conversation;
  });
  const onEdit = useCallback(
    (messageId: string, text: string) => {
      toEnd();
      latest.current.edit(messageId, text);
      input.current?.focus();
    },
    [toEnd],
  );
  const onDecide = useCallback((tool: ShownTool, approved: boolean) => {
    latest.current.decide(tool, approved);
    input.current?.focus();
  }, []);
  const onRetry = useCallback(() => {
    toEnd();
    latest.current.retry();
    input.current?.focus();
  }, [toEnd]);

  const onAsk = useCallback((question: string) => {
    latest.current.send(question, []);
    input.current?.focus();
  }, []);
  const onStop = useCallback(() => {
    latest.current.stop();
    input.current?.focus();
  }, []);

  const count = messages.length;
  const unanswered = status === 'ready' && messages.at(-1)?.role === 'user';
  useEffect(() => {
    if (count) toEnd();
  }, [count, toEnd]);

  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent) => {
      if (event.key !== 'Escape' || !busy || event.defaultPrevented) return;
      onStop();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [busy, onStop]);

  return (
    <div className="page">
      <Header page={page} arrival={arrival} onNewChat={onNewChat} />
      <main>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
        <section className="scroll" ref={box} tabIndex={0} aria-label="Messages so far">
          <div className="column" ref={content}>
            {/* Each token would be read out: the beginning and the end of an answer are said by the status below. */}
            <div role="log" aria-live="off" aria-label="Conversation">
              {!count && <Welcome onAsk={onAsk} />}
              {messages.map((message, index) => {
                const isLast = index === count - 1;
                return (
                  <Message
                    key={message.id}
                    message={message}
                    live={isLast && status === 'streaming' && message.role === 'assistant'}
                    busy={busy}
                    open={isLast}
                    settled={!isLast || !busy}
                    onRetry={isLast && message.role === 'assistant' && !busy && !error ? onRetry : undefined}
                    onEdit={onEdit}
                    onDecide={onDecide}
                  />
                );
              })}
            </div>
            {error && <FailureNotice error={error} onRetry={onRetry} />}
            {unanswered && <Unanswered onRetry={onRetry} />}
          </div>
        </section>
        <div className="foot">
          {!atEnd && (
            <button type="button" className="latest" onClick={toEnd}>
              Jump to latest
            </button>
          )}
          <StatusLine conversation={conversation} />
          <Composer conversation={conversation} input={input} onStop={onStop} />
        </div>
      </main>
    </div>
  );
}

function StatusLine({ conversation }: { conversation: Conversation }) {
  const { status, messages, outOfRounds } = conversation;
  const [wasBusy, setWasBusy] = useState(false);
  const busy = status === 'submitted' || status === 'streaming';
  if (busy && !wasBusy) setWasBusy(true);
  // An error is said by its own alert.
  const ended = wasBusy && status === 'ready' ? ending(messages.at(-1)) : '';
  const seen = busy ? 'status' : outOfRounds ? 'status halted' : 'status unseen';
  return (
    <p className={seen} role="status">
      {busy ? 'Answering…' : outOfRounds ? OUT_OF_ROUNDS : ended}
    </p>
  );
}

function ending(last: ShownMessage | undefined): string {
  if (last?.role !== 'assistant') return '';
  const asking = last.parts.some((part) => part.kind === 'tool' && part.state === 'asking');
  return asking ? 'The model asks for your permission.' : 'The answer has ended.';
}
