/** Where the reader writes: text, files by button, paste or drop, Send or Stop. */
import {
  type ClipboardEvent,
  type FormEvent,
  type KeyboardEvent,
  type RefObject,
  useRef,
  useState,
} from 'react';
import { ACCEPTED, AttachmentError, readAttachment, tooLarge } from '../chat/attachments.ts';
import type { Conversation, ShownFile } from '../chat/conversation.ts';
import { DraftFiles } from './files.tsx';
import { useFileDrop } from './use-file-drop.ts';

interface Props {
  conversation: Conversation;
  input: RefObject<HTMLTextAreaElement | null>;
  onStop: () => void;
}

export function Composer({ conversation, input, onStop }: Props) {
  const [text, setText] = useState('');
  const [files, setFiles] = useState<ShownFile[]>([]);
  const [problem, setProblem] = useState<string>();
  const picker = useRef<HTMLInputElement>(null);
  const busy = conversation.status === 'submitted' || conversation.status === 'streaming';
  const empty = !text.trim() && !files.length;

  const attach = async (chosen: Iterable<File>) => {
    const problems: string[] = [];
    for (const file of chosen) {
      try {
        const read = await readAttachment(file);
        setFiles((known) => [...known, read]);
      } catch (error) {
        if (!(error instanceof AttachmentError)) throw error;
        problems.push(error.message);
      }
    }
    // Once: a composer that grew smaller for a moment would move the conversation up.
    setProblem(problems.length ? problems.join(' ') : undefined);
    input.current?.focus();
  };
  const dropping = useFileDrop((dropped) => void attach(dropped));

  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (busy || empty) return;
    const large = tooLarge(text, files, conversation.historyBytes(), __MAX_BODY_BYTES__);
    setProblem(large);
    if (large) return;
    conversation.send(text.trim(), files);
    setText('');
    setFiles([]);
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    void attach([...event.clipboardData.files]);
  };

  return (
    <form className={dropping ? 'composer dropping' : 'composer'} onSubmit={send}>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <DraftFiles
        files={files}
        onRemove={(index) => {
          setFiles((known) => known.filter((_, at) => at !== index));
          setProblem(undefined);
          input.current?.focus();
        }}
      />
      <div className="field">
        <textarea
          ref={input}
          aria-label="Message"
          aria-describedby="composer-hint"
          placeholder={dropping ? 'Drop the files here' : 'Write a message'}
          rows={1}
          value={text}
          // biome-ignore lint/a11y/noAutofocus: writing is what this page is for
          autoFocus
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <div className="actions">
          <button
            type="button"
            className="icon"
            aria-label="Attach files"
            title="Attach files"
            onClick={() => picker.current?.click()}
          >
            <svg
              viewBox="0 0 20 20"
              width="20"
              height="20"
              aria-hidden="true"
              fill="none"
              stroke="currentColor"
              strokeWidth="1.6"
              strokeLinecap="round"
            >
              <path d="M10 4v12M4 10h12" />
            </svg>
          </button>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            accept={ACCEPTED}
            aria-label="Files"
            onChange={(event) => {
              void attach([...(event.target.files ?? [])]);
              event.target.value = '';
            }}
          />
          <span className="hint" id="composer-hint">
            Enter sends, Shift+Enter makes a line, Esc stops
          </span>
          {busy ? (
            <button
              type="button"
              className="send stop"
              // The second click of two is meant for what stood here before: Send.
              onClick={({ detail }) => (detail < 2 ? onStop() : input.current?.focus())}
            >
              Stop
            </button>
          ) : (
            <button type="submit" className="send" disabled={empty}>
              Send
            </button>
          )}
        </div>
      </div>
    </form>
  );
}
