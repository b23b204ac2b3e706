/** A message of the reader's, while it is changed. */
import { type KeyboardEvent, useState } from 'react';

interface Props {
  text: string;
  onDone: (text: string) => void;
  onCancel: () => void;
}

export function MessageEditor({ text, onDone, onCancel }: Props) {
  const [changed, setChanged] = useState(text);
  const done = () => {
    if (changed.trim()) onDone(changed.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onCancel();
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      done();
    }
  };
  return (
    <div className="editor">
      <textarea
        aria-label="New wording"
        value={changed}
        rows={Math.min(12, changed.split('\n').length + 1)}
        // biome-ignore lint/a11y/noAutofocus: it replaces the button that the reader has just pressed
        autoFocus
        onChange={(event) => setChanged(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <p className="hint">Asking again drops everything after this message.</p>
      <footer>
        <button type="button" className="primary" disabled={!changed.trim()} onClick={done}>
          Ask again
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </footer>
    </div>
  );
}
