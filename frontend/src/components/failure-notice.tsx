/** What went wrong, as a sentence, and the way on. */
import { explain } from '../chat/failure.ts';

interface Props {
  error: Error;
  onRetry: () => void;
}

export function FailureNotice({ error, onRetry }: Props) {
  const { said, advice } = explain(error, __API__, location.origin);
  return (
    <div className="failure" role="alert">
      <p>
        {said}
        {advice && ` ${advice}`}
      </p>
      <button type="button" onClick={onRetry}>
        Retry
      </button>
    </div>
  );
}

/** Of a message whose answer had not begun when it was stopped, or the page reloaded. */
export function Unanswered({ onRetry }: Pick<Props, 'onRetry'>) {
  return (
    <div className="failure mild">
      <p>This was not answered.</p>
      <button type="button" onClick={onRetry}>
        Retry
      </button>
    </div>
  );
}
