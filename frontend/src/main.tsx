/** The main page: the current AI SDK, UI message stream. */
import './without-eval.ts';
import { useCurrentConversation } from './chat/current.ts';
import { UI_MESSAGE_STREAM } from './chat/wire.ts';
import { mount } from './mount.tsx';

mount({
  generation: 'AI SDK 7',
  wire: UI_MESSAGE_STREAM,
  other: { name: 'AI SDK 4', href: 'v4.html' },
  useConversation: useCurrentConversation,
});
