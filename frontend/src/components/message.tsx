/** One message: its parts in order, what can be done with it, and what it cost. */
import { memo, useState } from 'react';
import {
  isNotWhole,
  type ShownMessage,
  type ShownPart,
  type ShownTool,
  textOf,
} from '../chat/conversation.ts';
import { CopyButton } from './copy-button.tsx';
import { File } from './files.tsx';
import { Markdown } from './markdown.tsx';
import { MessageEditor } from './message-editor.tsx';
import { Reasoning } from './reasoning.tsx';
import { ToolCall } from './tool-call.tsx';

interface Props {
  message: ShownMessage;
  /** Whether it is still being made. */
  live: boolean;
  /** Whether the conversation is busy, so that nothing can be changed now. */
  busy: boolean;
  /** Whether nothing more will come of it. */
  settled: boolean;
  /** Present on the answer that can be asked for anew. */
  onRetry?: (() => void) | undefined;
  /** Whether it is the last one, whose questions can be answered. */
  open: boolean;
  onEdit: (messageId: string, text: string) => void;
  onDecide: (tool: ShownTool, approved: boolean) => void;
}

export const Message = memo(function Message({
  message,
  live,
  busy,
  settled,
  open,
  onRetry,
  onEdit,
  onDecide,
}: Props) {
  const [editing, setEditing] = useState(false);
  const own = message.role === 'user';
  const text = textOf(message);
  const usage = message.ending?.usage;

  if (own && editing) {
    return (
      <article className="message own editing" aria-label="You">
        <MessageEditor
          text={text}
          onCancel={() => setEditing(false)}
          onDone={(changed) => {
            setEditing(false);
            onEdit(message.id, changed);
          }}
        />
      </article>
    );
  }
  const sources = message.parts.filter((part) => part.kind === 'source');
  return (
    <article
      className={own ? 'message own' : 'message'}
      aria-label={own ? 'You' : 'Assistant'}
      aria-busy={live}
    >
      {message.parts.map((part, index) => (
        <Part
          // biome-ignore lint/suspicious/noArrayIndexKey: parts only grow at the end, so the index is their identity
          key={index}
          part={part}
          own={own}
          live={live && index === message.parts.length - 1}
          open={open}
          onDecide={onDecide}
        />
      ))}
      {sources.length > 0 && <Sources sources={sources} />}
      {settled && !own && <Ending message={message} />}
      {!live && (
        <footer>
          {text && <CopyButton text={text} label="Copy" />}
          {own && (
            <button type="button" className="quiet" disabled={busy} onClick={() => setEditing(true)}>
              Edit message
            </button>
          )}
          {onRetry && (
            <button type="button" className="quiet" onClick={onRetry}>
              Retry
            </button>
          )}
          {usage && (
            <span className="usage">
              {usage.input} tokens in, {usage.output} out
            </span>
          )}
        </footer>
      )}
    </article>
  );
});

interface PartProps {
  part: ShownPart;
  own: boolean;
  live: boolean;
  open: boolean;
  onDecide: Props['onDecide'];
}

function Part({ part, own, live, open, onDecide }: PartProps) {
  switch (part.kind) {
    case 'text':
      if (!part.text) return null;
      // What the reader typed is shown as typed.
      return own ? <p className="typed">{part.text}</p> : <Markdown text={part.text} />;
    case 'reasoning':
      return part.text ? <Reasoning text={part.text} live={live} /> : null;
    case 'tool':
      return <ToolCall tool={part} live={live} open={open} onDecide={onDecide} />;
    case 'file':
      return <File file={part} />;
    case 'data':
      return (
        <details className="aside">
          <summary>Data: {part.name}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
          <pre tabIndex={0}>{JSON.stringify(part.value, null, 2)}</pre>
        </details>
      );
    case 'source':
      return null; // together, below
  }
}

function Sources({ sources }: { sources: Extract<ShownPart, { kind: 'source' }>[] }) {
  return (
    <section className="sources" aria-label="Sources">
      <h2>Sources</h2>
      <ol>
        {sources.map(({ url, title }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an answer may name the same source twice
          <li key={index}>
            {url && /^https?:/i.test(url) ? (
              <a href={url} target="_blank" rel="noopener noreferrer nofollow">
                {title}
              </a>
            ) : (
              title
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

const ENDINGS: Record<string, string> = {
  length: 'The answer reached its length limit.',
  'content-filter': 'The model’s provider filtered the rest of this answer.',
};

function Ending({ message }: { message: ShownMessage }) {
  const { finishReason = '', stopped } = message.ending ?? {};
  const cut = isNotWhole(message) && (stopped ? 'You stopped this answer.' : 'This answer is not whole.');
  const said = cut || ENDINGS[finishReason];
  return said ? <p className="ending">{said}</p> : null;
}
