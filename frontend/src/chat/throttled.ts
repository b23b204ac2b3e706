/** A value that changes for each token, handed on at the pace of the screen. */
import { useEffect, useRef, useState } from 'react';

/** `value`, at most once in `wait` milliseconds while `busy`; at once otherwise. The first value and the last arrive. */
export function useThrottled<T>(value: T, wait: number, busy: boolean): T {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  const shownAt = useRef(Number.NEGATIVE_INFINITY);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useEffect(() => {
    latest.current = value;
    if (timer.current !== undefined) return;
    const show = () => {
      timer.current = undefined;
      shownAt.current = performance.now();
      setShown(latest.current);
    };
    const due = shownAt.current + wait - performance.now();
    if (due <= 0) show();
    else timer.current = setTimeout(show, due);
  }, [value, wait]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );

  return busy ? shown : value;
}
