/** A value that changes for each token, handed on at the pace of the screen. */
import { useEffect, useRef, useState } from 'react';

/** `value`, at most once in `wait` milliseconds while `busy`; at once otherwise. The last value always arrives. */
export function useThrottled<T>(value: T, wait: number, busy: boolean): T {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useEffect(() => {
    latest.current = value;
    if (timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      setShown(latest.current);
    }, wait);
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
