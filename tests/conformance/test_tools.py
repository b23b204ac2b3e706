"""Tools that the page runs: calls shown, rounds that post exactly as often as they must, approval, failures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.pages import APPROVALS_COMPLETE, TOOLS_COMPLETE, V4, VERSIONS, WITH_APPROVAL
from tests.conformance.replies import calls
from tests.fakes.upstream import error_reply, text_reply

if TYPE_CHECKING:
    from tests.clients.pages import Held, Pages
    from tests.conformance.conftest import Carried
    from tests.fakes.upstream import FakeUpstream

pytestmark = pytest.mark.asyncio(loop_scope="session")
every_version = pytest.mark.parametrize("version", VERSIONS)
with_approval = pytest.mark.parametrize("version", WITH_APPROVAL)

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = {"weather": {"description": "The weather of a city", "inputSchema": SCHEMA}}
GUARDED = {"weather": TOOLS["weather"] | {"needsApproval": True}}
BERN = ("call_bern", "weather", {"city": "Bern"})
OSLO = ("call_oslo", "weather", {"city": "Oslo"})
AUTOMATIC: dict[str, Any] = {"automatic": [TOOLS_COMPLETE], "max_steps": 5, "body": {"tools": TOOLS}}


def results(held: Held) -> dict[str, Any]:
    """The outputs of the answer's calls by their id, in either generation's form."""
    found = {}
    for part in held.answer["parts"]:
        if part["type"] == "tool-invocation":
            invocation = part["toolInvocation"]
            assert invocation["state"] == "result", part
            found[invocation["toolCallId"]] = invocation["result"]
        elif part["type"].startswith("tool-"):
            assert part["state"] == "output-available", part
            found[part["toolCallId"]] = part["output"]
    return found


@every_version
async def test_a_call_is_shown_with_its_input_and_waits_for_the_page(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """The model has read the declaration; nothing is posted while the call has no result."""
    upstream.enqueue(calls(BERN, text="Let me see."))
    async with pages.open(version, api, **AUTOMATIC) as page:
        await page.send("Weather in Bern?")
        held = await page.idle()
    held.assert_undisturbed()
    (call,) = held.calls
    assert (call["toolName"], call["toolCallId"]) == ("weather", "call_bern")
    assert call["args" if version == V4 else "input"] == {"city": "Bern"}
    if version == V4:
        assert held.parts("tool-invocation")[0]["toolInvocation"]["state"] == "call"
    else:
        (part,) = held.parts("tool-weather")
        assert (part["state"], part["input"]) == ("input-available", {"city": "Bern"})
    assert held.shown[-1] == "Let me see."
    assert len(held.requests) == 1
    declared = upstream.requests[0].json["tools"]
    assert declared == [
        {
            "type": "function",
            "function": {"name": "weather", "description": "The weather of a city", "parameters": SCHEMA},
        }
    ]
    carried("call", version)


@every_version
async def test_rounds_go_on_in_one_message_and_end(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """Two rounds of tools, the first with two calls at once: three posts, never a fourth, one message."""
    upstream.enqueue(
        calls(BERN, OSLO, text="Two cities."),
        calls(("call_rome", "weather", {"city": "Rome"})),
        text_reply("Sun."),
    )
    async with pages.open(version, api, results={"weather": "sunny"}, **AUTOMATIC) as page:
        await page.send("Weather?")
        held = await page.idle()
    held.assert_undisturbed()
    assert len(held.requests) == 3
    assert [message["role"] for message in held.messages] == ["user", "assistant"]
    assert results(held) == {"call_bern": "sunny", "call_oslo": "sunny", "call_rome": "sunny"}
    assert "".join(part["text"] for part in held.parts("text")) == "Two cities.Sun."
    assert held.status == "ready"
    read = upstream.requests[2].json["messages"]
    assert [message["role"] for message in read] == ["user", "assistant", "tool", "tool", "assistant", "tool"]
    said = json.dumps("sunny") if version == V4 else "sunny"
    assert [message["content"] for message in read if message["role"] == "tool"] == [said] * 3
    carried("round", version)


@every_version
async def test_a_result_that_the_user_gives_sends_the_round(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    """`addToolResult`, `addToolOutput`: the page asks the user, and goes on when the last call is answered."""
    upstream.enqueue(calls(BERN, OSLO), text_reply("Thanks."))
    async with pages.open(version, api, **AUTOMATIC) as page:
        await page.send("Weather?")
        await page.idle()
        for call_id in ("call_bern", "call_oslo"):
            if version == V4:
                await page.call("addToolResult", {"toolCallId": call_id, "result": "rain"})
            else:
                # 5.0.0 has the older name alone, the others both.
                await page.call("addToolResult", {"tool": "weather", "toolCallId": call_id, "output": "rain"})
            held = await page.idle()
            assert len(held.requests) == (1 if call_id == "call_bern" else 2)
    held.assert_undisturbed()
    assert results(held) == {"call_bern": "rain", "call_oslo": "rain"}
    assert held.parts("text")[-1]["text"] == "Thanks."


@every_version
async def test_an_answer_after_calls_ends_the_rounds(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    """Text behind a call of the page stays with it: the round runs once, and its answer is the end."""
    upstream.enqueue(calls(BERN, text="Looking"), text_reply("Done."))
    async with pages.open(version, api, results={"weather": {"degrees": 21}}, **AUTOMATIC) as page:
        await page.send("Weather?")
        held = await page.idle()
        assert len(held.requests) == 2
        upstream.enqueue(text_reply("And you?"))
        await page.send("Fine")
        held = await page.idle()
    held.assert_undisturbed()
    assert len(held.requests) == 3
    assert [message["role"] for message in held.messages] == ["user", "assistant", "user", "assistant"]


@pytest.mark.parametrize("version", [version for version in VERSIONS if version != "5.0.0"])
async def test_a_round_that_fails_is_not_posted_again(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    """In all versions but 5.0.0, which is the next test's."""
    upstream.enqueue(calls(BERN), error_reply(500, {"message": "down"}))
    async with pages.open(version, api, results={"weather": "sunny"}, **AUTOMATIC) as page:
        await page.send("Weather?")
        held = await page.idle()
    assert held.status == "error"
    assert len(held.requests) == 2
    assert results(held) == {"call_bern": "sunny"}


async def test_5_0_0_posts_a_failed_round_until_it_is_answered(
    pages: Pages, api: str, upstream: FakeUpstream
) -> None:
    """The fault that docs/protocols.md tells of: the client's own, as no other version has it."""
    failures = [error_reply(500, {"message": "down"}) for _ in range(4)]
    upstream.enqueue(calls(BERN), *failures, text_reply("At last."))
    async with pages.open("5.0.0", api, results={"weather": "sunny"}, **AUTOMATIC) as page:
        await page.send("Weather?")
        held = await page.idle()
    assert (held.status, len(held.requests)) == ("ready", 6)
    assert held.shown[-1] == "At last."


@pytest.mark.parametrize("version", [version for version in VERSIONS if version not in (V4, "5.0.0")])
async def test_a_tool_that_failed_in_the_page_is_told_to_the_model(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    """`addToolOutput` with `state: "output-error"`, which 5.0.0 and v4 do not have."""
    upstream.enqueue(calls(BERN), text_reply("I could not look."))
    async with pages.open(version, api, **AUTOMATIC) as page:
        await page.send("Weather?")
        await page.idle()
        failed = {
            "tool": "weather",
            "toolCallId": "call_bern",
            "state": "output-error",
            "errorText": "no signal",
        }
        await page.call("addToolOutput", failed)
        held = await page.idle()
    held.assert_undisturbed()
    assert (held.parts("tool-weather")[0]["state"], len(held.requests)) == ("output-error", 2)
    assert json.loads(upstream.requests[1].json["messages"][-1]["content"]) == {"error": "no signal"}


@with_approval
async def test_a_call_waits_for_the_users_leave(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """Approved, the page runs the tool and posts its output: one further round, in the same message."""
    upstream.enqueue(calls(BERN), text_reply("Sunny."))
    async with pages.open(version, api, automatic=[TOOLS_COMPLETE], body={"tools": GUARDED}) as page:
        await page.send("Weather?")
        held = await page.idle()
        (part,) = held.parts("tool-weather")
        assert (part["state"], part["input"]) == ("approval-requested", {"city": "Bern"})
        await page.call("addToolApprovalResponse", {"id": part["approval"]["id"], "approved": True})
        held = await page.idle()
        assert held.parts("tool-weather")[0]["state"] == "approval-responded"
        assert len(held.requests) == 1
        given = {"tool": "weather", "toolCallId": "call_bern", "output": "sunny"}
        await page.call("addToolOutput", given)
        held = await page.idle()
    held.assert_undisturbed()
    assert len(held.requests) == 2
    assert [message["role"] for message in held.messages] == ["user", "assistant"]
    assert results(held) == {"call_bern": "sunny"}
    assert held.shown[-1] == "Sunny."
    carried("approval", version)


@with_approval
async def test_a_denied_call_is_answered_by_the_model(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """The page posts by itself; the call is denied for good, the model has read why, nothing posts again."""
    upstream.enqueue(calls(BERN), text_reply("Then not."))
    rules = [TOOLS_COMPLETE, APPROVALS_COMPLETE]
    async with pages.open(version, api, automatic=rules, body={"tools": GUARDED}) as page:
        await page.send("Weather?")
        held = await page.idle()
        approval = held.parts("tool-weather")[0]["approval"]["id"]
        await page.call("addToolApprovalResponse", {"id": approval, "approved": False, "reason": "too far"})
        held = await page.idle()
    held.assert_undisturbed()
    assert len(held.requests) == 2
    assert [message["role"] for message in held.messages] == ["user", "assistant"]
    assert held.parts("tool-weather")[0]["state"] == "output-denied"
    assert held.parts("text")[-1]["text"] == "Then not."
    read = upstream.requests[1].json["messages"][-1]
    assert (read["role"], read["tool_call_id"]) == ("tool", "call_bern")
    assert "too far" in read["content"]
    carried("denied", version)
