/** The page's head: which generation it is, where it posts to, how the last answer came, and the page's own switches. */
import { type Arrival, cameWhole } from '../chat/arrival.ts';
import { setTheme, THEMES, useTheme } from '../chat/theme.ts';
import type { Page } from './chat-page.tsx';

interface Props {
  page: Page;
  arrival: Arrival | undefined;
  onNewChat: () => void;
}

export function Header({ page, arrival, onNewChat }: Props) {
  const theme = useTheme();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  return (
    <header className="head">
      <div className="row">
        <h1>
          Chat <span className="generation">{page.generation}</span>
        </h1>
        <nav aria-label="Pages">
          <a href={page.other.href}>{page.other.name}</a>
        </nav>
        <button type="button" className="quiet" onClick={() => setTheme(next)}>
          Theme: {theme}
        </button>
        <button type="button" onClick={onNewChat}>
          New chat
        </button>
      </div>
      <p className="wire">
        {page.wire.name} from <span className="endpoint">{__ENDPOINT__ ?? __API__}</span>
        {arrival && !cameWhole(arrival) && `, first bytes after ${(arrival.waited / 1000).toFixed(2)} s`}
      </p>
      {arrival && cameWhole(arrival) && (
        <p className="buffers">
          This endpoint buffers: the last answer arrived whole, {(arrival.waited / 1000).toFixed(1)} s after
          it was asked for. AWS’s local tools (RIE, SAM) do so; a Function URL in mode RESPONSE_STREAM
          streams.
        </p>
      )}
    </header>
  );
}
