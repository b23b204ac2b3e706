/** The page's head: which generation it is, where it posts to, how the last answer came, and the page's own switches. */
import { type Arrival, cameWhole } from '../chat/arrival.ts';
import { setTheme, THEMES, type Theme, useTheme } from '../chat/theme.ts';
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
        <button
          type="button"
          className="icon"
          aria-label={`Theme: ${theme}`}
          title={`Theme: ${theme}. Press for ${next}.`}
          onClick={() => setTheme(next)}
        >
          <ThemeIcon theme={theme} />
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

const DRAWN: Record<Theme, string> = {
  system: 'M10 3a7 7 0 1 0 0 14 7 7 0 1 0 0-14',
  light:
    'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 1 0 0-7M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M16 4l-1.4 1.4M5.4 14.6 4 16',
  dark: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
};

function ThemeIcon({ theme }: { theme: Theme }) {
  return (
    <svg
      viewBox="0 0 20 20"
      width="18"
      height="18"
      aria-hidden="true"
      stroke="currentColor"
      strokeWidth="1.5"
    >
      <path d={DRAWN[theme]} fill="none" strokeLinecap="round" strokeLinejoin="round" />
      {theme === 'system' && <path d="M10 3a7 7 0 1 0 0 14z" fill="currentColor" stroke="none" />}
    </svg>
  );
}
