/** Puts a page into its HTML. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { apply } from './chat/theme.ts';
import { ChatPage, type Page } from './components/chat-page.tsx';
import './styles/page.css';

export function mount(page: Page): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('The HTML of this page has no element with the id "root".');
  apply();
  createRoot(root).render(
    <StrictMode>
      <ChatPage page={page} />
    </StrictMode>,
  );
}
