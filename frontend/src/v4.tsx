/** The page of ai@4: data stream. */
import { useVersion4Conversation } from './chat/version-4.ts';
import { DATA_STREAM } from './chat/wire.ts';
import { mount } from './mount.tsx';

mount({
  generation: 'AI SDK 4',
  wire: DATA_STREAM,
  other: { name: 'AI SDK 7', href: 'index.html' },
  useConversation: useVersion4Conversation,
});
