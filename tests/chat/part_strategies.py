"""Parts as hypothesis makes them: any at all, and orders that a well-made source may yield."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from chat import parts
from chat.parts import (
    Abort,
    Error,
    Finish,
    Part,
    StepFinish,
    ToolApprovalRequest,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
    ToolDenied,
    ToolError,
    ToolInputError,
    ToolResult,
    Usage,
)

# Text with what JSON, UTF-8 and line-based readers stumble over, lone surrogates included.
texts = st.text(
    st.one_of(st.sampled_from('\n\r\u2028\u2029\0"\\:\ud83d\ude00😀 '), st.characters(codec=None)), max_size=8
)
# Names that end up in objects of JavaScript.
keys = texts | st.sampled_from(["__proto__", "constructor", "prototype", "toString"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(keys, values, max_size=3)
reasons = st.sampled_from(get_args(parts.FinishReason))
usages = st.none() | st.builds(Usage, st.integers(0, 10**6), st.integers(0, 10**6))
call_ids = st.sampled_from(["call_0", "call_1", "call_2"])
plain = st.one_of(
    st.builds(parts.TextDelta, texts),
    st.builds(parts.ReasoningDelta, texts),
    st.builds(parts.RedactedReasoning, texts),
    st.builds(parts.ReasoningSignature, texts),
    st.builds(parts.Source, texts, texts, st.none() | texts),
    st.builds(parts.File, st.just("AAAA"), st.just("image/png")),
    st.builds(parts.DocumentSource, texts, texts, texts, st.none() | texts),
    st.builds(parts.Data, values),
    st.builds(parts.Data, values, texts, st.none() | texts, st.booleans()),
    st.builds(parts.Annotation, values),
)
step_finishes = st.builds(StepFinish, reasons, usages)
terminals = st.builds(Finish, reasons, usages) | st.builds(Error, texts) | st.builds(Abort)
any_parts: st.SearchStrategy[Part] = st.one_of(
    plain,
    step_finishes,
    terminals,
    st.builds(ToolCallStart, call_ids, texts),
    st.builds(ToolCallDelta, call_ids, texts),
    st.builds(ToolCall, call_ids, texts, objects),
    st.builds(ToolInputError, call_ids, texts, values, texts),
    st.builds(ToolResult, call_ids, values),
    st.builds(ToolError, call_ids, texts),
    st.builds(ToolApprovalRequest, call_ids, texts),
    st.builds(ToolDenied, call_ids),
)


@st.composite
def answers(draw: st.DrawFn) -> list[Part]:
    """A whole answer in a legal order: calls begin, grow, complete and are answered among other parts."""
    made: list[Part] = []
    waiting: dict[str, list[Part]] = {}
    for number in range(draw(st.integers(0, 3))):
        call_id = f"call_{number}"
        life: list[Part] = []
        if draw(st.booleans()):
            life.append(ToolCallStart(call_id, "weather"))
            life += [ToolCallDelta(call_id, text) for text in draw(st.lists(texts, max_size=2))]
        if draw(st.integers(0, 5)) == 0:
            life.append(ToolInputError(call_id, "weather", draw(values), draw(texts)))
        else:
            life.append(ToolCall(call_id, "weather", draw(objects)))
            if draw(st.integers(0, 3)) == 0:
                life.append(ToolApprovalRequest(call_id, f"approval_{number}"))
            life += draw(
                st.lists(
                    st.builds(ToolResult, st.just(call_id), values)
                    | st.builds(ToolError, st.just(call_id), texts)
                    | st.just(ToolDenied(call_id)),
                    max_size=1,
                )
            )
        waiting[call_id] = life
    for _ in range(draw(st.integers(0, 12))):
        tool_next: bool = draw(st.booleans())
        if waiting and tool_next:
            call_id = draw(st.sampled_from(sorted(waiting)))
            made.append(waiting[call_id].pop(0))
            if not waiting[call_id]:
                del waiting[call_id]
        else:
            made.append(draw(plain | step_finishes))
    return [*made, draw(terminals)]
