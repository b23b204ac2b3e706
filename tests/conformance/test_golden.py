"""The whole answers of `tests/chat/protocols/golden/`, read by every client that takes their protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chat.parts import TextDelta
from tests.chat.protocols.whole_answers import WHOLE_ANSWERS, golden_file, history
from tests.clients.pages import V4
from tests.clients.ui import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.ai4 import Ai4
    from tests.clients.ui import Ui
    from tests.conformance.conftest import Carried

UI_ANSWERS = [
    (name, version)
    for name, answer in WHOLE_ANSWERS.items()
    for version in VERSIONS
    if int(version[0]) >= answer.since
]
V4_ANSWERS = [name for name, answer in WHOLE_ANSWERS.items() if "data-stream" in answer.protocols]
FAILING = {"broken-off", "failed-at-once"}


def parts(read: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of the answer that a client holds."""
    last = read["messages"][-1]
    return last["parts"] if last["role"] == "assistant" else []


def said(name: str) -> str:
    """The text of a whole answer."""
    return "".join(part.text for part in WHOLE_ANSWERS[name].parts if isinstance(part, TextDelta))


def of(read: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [part for part in parts(read) if part["type"] == kind]


def text(read: dict[str, Any]) -> str:
    return "".join(part["text"] for part in of(read, "text"))


def check_reasoning(read: dict[str, Any]) -> str:
    assert "".join(part["text"] for part in of(read, "reasoning")) == "Let me think."
    told = [part.get("providerMetadata", {}).get("anthropic", {}) for part in of(read, "reasoning")]
    assert {"signature": "c2ln"} in told
    assert {"redactedData": "cmVk"} in told
    return "signature"


def check_document(read: dict[str, Any]) -> str:
    (document,) = of(read, "source-document")
    expected = {"sourceId": "s2", "mediaType": "application/pdf", "title": "Report", "filename": "report.pdf"}
    assert document.items() >= expected.items()
    return "document"


def check_data(read: dict[str, Any]) -> str:
    assert [part["data"] for part in of(read, "data-value")] == [[1, 2]]
    (weather,) = of(read, "data-weather")
    assert (weather["data"], weather["id"]) == ({"degrees": 21}, "w")
    assert of(read, "data-progress") == []
    assert {"progress": 0.5} in [part["data"] for part in read["data"] if part["type"] == "data-progress"]
    return "data"


def check_annotation(read: dict[str, Any]) -> str:
    assert [part["data"] for part in of(read, "data-annotation")] == [{"seen": 1}]
    return "annotation"


def check_result(read: dict[str, Any]) -> str:
    assert (of(read, "tool-search")[0]["state"], of(read, "tool-search")[0]["output"]) == (
        "output-available",
        {"hits": [1, None]},
    )
    return "result"


def check_tool_error(read: dict[str, Any]) -> str:
    failed = of(read, "tool-search")[1]
    assert (failed["state"], failed["errorText"]) == ("output-error", "The index is offline.")
    return "tool-error"


def check_unusable_call(read: dict[str, Any]) -> str:
    (failed,) = of(read, "tool-weather")
    assert (failed["state"], failed["errorText"]) == ("output-error", "The arguments are not JSON.")
    assert read["calls"] == []
    return "unusable-call"


def check_stopped(read: dict[str, Any]) -> str:
    assert (text(read), read["status"]) == ("Once upon", "ready")
    assert read["sends_again"]["tools"] is False
    return "stopped"


CHECKS: dict[str, list[Callable[[dict[str, Any]], str]]] = {
    "reasoning": [check_reasoning],
    "beside-the-text": [check_document, check_data, check_annotation],
    "backend-tools": [check_result, check_tool_error],
    "unusable-call": [check_unusable_call],
    "stopped": [check_stopped],
}


@pytest.mark.parametrize(("name", "version"), UI_ANSWERS)
def test_the_ui_message_stream_is_read_whole(ui: Ui, carried: Carried, name: str, version: str) -> None:
    """Byte for byte, in one read or in many: no error but the answer's own, nothing left open, text and states."""
    answer = WHOLE_ANSWERS[name]
    stream = golden_file(name, "ui-message-stream").read_bytes()
    pieces = [stream[at : at + 7] for at in range(0, len(stream), 7)]
    whole, in_pieces = ui.read(stream, pieces, versions=[version], messages=history(answer))[version]
    assert whole["messages"][-1]["parts"] == in_pieces["messages"][-1]["parts"]
    assert (whole["status"], whole["uncaught"]) == ("error" if name in FAILING else "ready", [])
    if name in FAILING:
        assert "Type validation" not in whole["error"]["message"]
    else:
        assert not [part for part in parts(whole) if part.get("state") in ("streaming", "input-streaming")]
    assert text(whole) == said(name)
    if answer.continues:
        assert [message["id"] for message in whole["messages"]] == ["question", answer.continues]
    for check in CHECKS.get(name, ()):
        carried(check(whole), version)


@pytest.mark.parametrize("name", V4_ANSWERS)
def test_the_data_stream_is_read_whole(ai4: Ai4, name: str) -> None:
    chat = ai4.chat(golden_file(name, "data-stream").read_bytes())
    assert (chat["error"] is not None) == (name in FAILING)
    if name not in FAILING:
        assert chat["finish"] is not None
    held = chat["message"]["parts"] if chat["message"] else []
    shown = "".join(part["text"] for part in held if part["type"] == "text")
    assert shown.replace("\n", "") == said(name).replace("\n", "")


def invocations(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["toolInvocation"] for part in message["parts"] if part["type"] == "tool-invocation"]


def golden_chat(ai4: Ai4, name: str) -> dict[str, Any]:
    return ai4.chat(golden_file(name, "data-stream").read_bytes())


def test_v4_holds_signatures(ai4: Ai4, carried: Carried) -> None:
    (reasoning,) = [
        part for part in golden_chat(ai4, "reasoning")["message"]["parts"] if part["type"] == "reasoning"
    ]
    assert reasoning["details"] == [
        {"type": "text", "text": "Let me think.", "signature": "c2ln"},
        {"type": "redacted", "data": "cmVk"},
    ]
    carried("signature", V4)


def test_v4_holds_what_stands_beside_the_text(ai4: Ai4, carried: Carried) -> None:
    """Data in the hook's own list; annotations and documents, for which it has no part, with the message."""
    chat = golden_chat(ai4, "beside-the-text")
    assert [1, 2] in [value.get("data") if isinstance(value, dict) else value for value in chat["data"]]
    carried("data", V4)
    annotations = chat["message"]["annotations"]
    assert {"seen": 1} in annotations
    carried("annotation", V4)
    assert "report.pdf" in [each.get("filename") for each in annotations]
    carried("document", V4)


def test_v4_holds_results_and_errors_of_tools(ai4: Ai4, carried: Carried) -> None:
    done, failed = invocations(golden_chat(ai4, "backend-tools")["message"])
    assert (done["state"], done["result"]) == ("result", {"hits": [1, None]})
    carried("result", V4)
    assert (failed["state"], failed["result"]) == ("result", {"error": "The index is offline."})
    carried("tool-error", V4)
    (unusable,) = invocations(golden_chat(ai4, "unusable-call")["message"])
    assert unusable["result"] == {"error": "The arguments are not JSON."}
    carried("unusable-call", V4)


def test_v4_takes_a_stopped_answer_for_an_end(ai4: Ai4, carried: Carried) -> None:
    chat = golden_chat(ai4, "stopped")
    assert (chat["message"]["content"], chat["error"], chat["continues"]) == ("Once upon", None, False)
    carried("stopped", V4)
