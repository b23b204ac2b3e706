/** Scrolling that follows a growing answer, until the reader scrolls up. */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

/** So near to the end, in pixels, the reader is at the end. */
const NEAR = 48;

interface Following {
  /** Goes on what scrolls. */
  box: RefObject<HTMLElement | null>;
  /** Goes on what grows in it. */
  content: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  toEnd: () => void;
}

export function useStickToBottom(): Following {
  const box = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(() => {
    following.current = true;
    setAtEnd(true);
    const scrolled = box.current;
    if (scrolled) scrolled.scrollTop = scrolled.scrollHeight;
  }, []);

  useEffect(() => {
    const scrolled = box.current;
    const grown = content.current;
    if (!scrolled || !grown) return undefined;
    let top = scrolled.scrollTop;
    const onScroll = () => {
      const left = scrolled.scrollHeight - scrolled.clientHeight - scrolled.scrollTop;
      // Only a way up is the reader's: growth alone leaves scrollTop where it was, and following goes down.
      if (scrolled.scrollTop < top && left > NEAR) following.current = false;
      else if (left <= NEAR) following.current = true;
      top = scrolled.scrollTop;
      setAtEnd(following.current);
    };
    const onResize = new ResizeObserver(() => {
      // A message that is being edited grows for its reader, who looks at its beginning.
      if (!following.current || grown.querySelector('.editor:focus-within')) return;
      scrolled.scrollTop = scrolled.scrollHeight;
      // What grew smaller moved it up, of which the event is still to come: that is no reader's way up.
      top = scrolled.scrollTop;
    });
    scrolled.addEventListener('scroll', onScroll, { passive: true });
    onResize.observe(grown);
    onResize.observe(scrolled);
    return () => {
      scrolled.removeEventListener('scroll', onScroll);
      onResize.disconnect();
    };
  }, []);

  return { box, content, atEnd, toEnd };
}
