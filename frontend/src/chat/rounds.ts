/** When a conversation with tools that the page runs is posted again, and when that has gone on for long enough.
 *
 * Facts:
 * - ai@7 posts for as long as `sendAutomaticallyWhen` says yes: a model that answers every result with another call is
 *   asked for ever. It has no bound of its own, and an answer that goes on is one message with a `step-start` a round.
 * - ai@4 posts while the highest step of a call, counted from 0, is below `maxSteps` (`shouldResubmitMessages`): results
 *   are posted `maxSteps` times.
 */
import {
  isToolUIPart,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  type UIMessage,
} from 'ai';
import { MAX_ROUNDS } from './round-limit.ts';

interface Messages {
  messages: UIMessage[];
}

/** Whether every call of the last step has its output or its refusal, and the model may be asked to go on. */
export function readyForNextRound({ messages }: Messages): boolean {
  return isSettled(messages) && roundsWithCalls(messages) <= MAX_ROUNDS;
}

/** Whether the model would be asked to go on, had it not been asked so often. */
export function isOutOfRounds({ messages }: Messages): boolean {
  return isSettled(messages) && roundsWithCalls(messages) > MAX_ROUNDS;
}

function isSettled(messages: UIMessage[]): boolean {
  // An approved tool has yet to run here: its output is what the endpoint waits for.
  const running = messages
    .at(-1)
    ?.parts.some(
      (part) => isToolUIPart(part) && part.state === 'approval-responded' && part.approval.approved,
    );
  return (
    !running &&
    (lastAssistantMessageIsCompleteWithToolCalls({ messages }) ||
      lastAssistantMessageIsCompleteWithApprovalResponses({ messages }))
  );
}

/** Steps since the reader's last message that hold calls for this page. */
function roundsWithCalls(messages: UIMessage[]): number {
  let rounds = 0;
  for (const { parts } of messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1)) {
    let counted = false;
    for (const part of parts) {
      if (part.type === 'step-start') counted = false;
      else if (!counted && isToolUIPart(part) && !part.providerExecuted) {
        counted = true;
        rounds += 1;
      }
    }
  }
  return rounds;
}
