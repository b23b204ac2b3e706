/** A button that puts a text on the clipboard and says so for a moment. */
import { useEffect, useState } from 'react';

/** How long "Copied" stands: milliseconds. */
const SHOWN = 1_500;

type Outcome = 'copied' | 'refused';

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [outcome, setOutcome] = useState<Outcome>();
  useEffect(() => {
    if (!outcome) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), SHOWN);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async () => {
    try {
      // Missing where the page is served over plain http from another machine.
      await navigator.clipboard.writeText(text);
      setOutcome('copied');
    } catch {
      setOutcome('refused');
    }
  };
  const said = { copied: 'Copied', refused: 'Not allowed' };
  return (
    <button type="button" className="quiet" onClick={() => void copy()}>
      {outcome ? said[outcome] : label}
    </button>
  );
}
