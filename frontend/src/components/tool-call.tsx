/** A tool call: what is asked of it, how it stands, and the reader's yes or no where it needs one. */
import type { ShownTool, ToolState } from '../chat/conversation.ts';

const SAID: Record<ToolState, string> = {
  preparing: 'is being called',
  asking: 'asks for your permission',
  running: 'runs',
  done: 'done',
  failed: 'failed',
  denied: 'not allowed',
};

interface Props {
  tool: ShownTool;
  /** Whether its answer is still being made; a call of an ended one no longer runs. */
  live: boolean;
  /** Whether the reader can still decide: a question that was passed over is not to be answered later. */
  open: boolean;
  onDecide: (tool: ShownTool, approved: boolean) => void;
}

export function ToolCall({ tool, live, open, onDecide }: Props) {
  const { name, state, input, output, error } = tool;
  const broken = !live && (state === 'preparing' || state === 'running');
  const abandoned = broken || (!open && state === 'asking');
  return (
    <div className={`aside tool ${state}`}>
      <details>
        <summary>
          <code>{name}</code> <span className="state">{abandoned ? 'was not run' : SAID[state]}</span>
        </summary>
        <dl>
          <dt>Input</dt>
          <dd>
            <Value value={input} />
          </dd>
          {state === 'done' && (
            <>
              <dt>Output</dt>
              <dd>
                <Value value={output} />
              </dd>
            </>
          )}
        </dl>
      </details>
      {error && state === 'failed' && <p className="why">{error}</p>}
      {open && state === 'asking' && (
        <div className="decision">
          <p>
            The model wants to call <code>{name}</code> with <code>{JSON.stringify(input)}</code>.
          </p>
          <button type="button" className="primary" onClick={() => onDecide(tool, true)}>
            Approve
          </button>
          <button type="button" onClick={() => onDecide(tool, false)}>
            Deny
          </button>
        </div>
      )}
    </div>
  );
}

function Value({ value }: { value: unknown }) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'nothing');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <pre tabIndex={0}>{text}</pre>
  );
}
