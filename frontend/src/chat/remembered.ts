/** A conversation with how its answers ended, remembered over a reload, whatever the client was doing. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Ending, Endings, Status } from './conversation.ts';
import { keep, readKept } from './kept.ts';

interface Kept<M> {
  messages?: M[];
  endings?: Endings;
}

interface Remembered<M> {
  /** The messages that this tab had before its reload. */
  initial: M[];
  endings: Endings;
  /** Note how a message ended; what was noted of it before is replaced. */
  end: (messageId: string, ending: Ending) => void;
}

/** What this tab knew of a conversation. */
export function useRemembered<M>(id: string): Remembered<M> {
  const { messages: initial = [], endings: known = {} } = useMemo(() => readKept<Kept<M>>(id, {}), [id]);
  const [endings, setEndings] = useState<Endings>(known);
  const end = useRef((messageId: string, ending: Ending) =>
    setEndings((before) => ({ ...before, [messageId]: ending })),
  );
  return { initial, endings, end: end.current };
}

/** Keep a conversation for `useRemembered`: when a message is added or settled, and when the page goes.
 *
 * Not for each token: a conversation is written whole, and every write waits for the disk.
 */
export function useRemembering<M>(id: string, messages: M[], endings: Endings, status: Status): void {
  const latest = useRef<Kept<M>>({});
  useEffect(() => {
    latest.current = { messages, endings };
  }, [messages, endings]);

  const changed = status === 'streaming' ? messages.length : messages;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what has changed is in latest, which is no dependency
  useEffect(() => keep(id, latest.current), [id, changed, endings]);
  useEffect(() => {
    const onPageHide = () => keep(id, latest.current);
    window.addEventListener('pagehide', onPageHide);
    return () => window.removeEventListener('pagehide', onPageHide);
  }, [id]);
}
