/** When a conversation with tools that the page runs is posted again, in ai@7. */
import {
  isToolUIPart,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  type UIMessage,
} from 'ai';

/** Whether every call of the last step has its output or its refusal: then the model is asked to go on. */
export function readyForNextRound({ messages }: { messages: UIMessage[] }): boolean {
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
