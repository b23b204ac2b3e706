/** What the model thought: folded, with its last words beside the summary while it still thinks. */
import { Markdown } from './markdown.tsx';

export function Reasoning({ text, live }: { text: string; live: boolean }) {
  return (
    <details className="aside">
      <summary>
        Reasoning
        {live && (
          <span className="thinking" aria-hidden="true">
            {lastWords(text)}
          </span>
        )}
      </summary>
      <Markdown text={text} />
    </details>
  );
}

function lastWords(text: string): string {
  return text.slice(-160).trim().split('\n').at(-1)?.trim() ?? '';
}
