"""Protocols that a page chooses itself, bodies of the other generation, and a client without the AI SDK."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.clients.pages import V4, VERSIONS
from tests.conformance.replies import broken
from tests.fakes.upstream import text_reply

if TYPE_CHECKING:
    from tests.clients.pages import Pages
    from tests.conformance.conftest import Carried
    from tests.fakes.upstream import FakeUpstream

pytestmark = pytest.mark.asyncio(loop_scope="session")
every_version = pytest.mark.parametrize("version", VERSIONS)


@every_version
@pytest.mark.parametrize("where", ["body", "query"])
async def test_plain_text_for_a_page_that_reads_it(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str, where: str
) -> None:
    """`streamProtocol: "text"`, `TextStreamChatTransport`: the page says so in its body or in the address."""
    upstream.enqueue(text_reply("Grü", "ße\n", "0:no code"))
    address = f"{api}?protocol=text" if where == "query" else api
    body = {} if where == "query" else {"protocol": "text"}
    async with pages.open(version, address, text=True, body=body) as page:
        await page.send("Hi")
        held = await page.idle()
    held.assert_undisturbed()
    assert held.shown == ["Hi", "Grüße\n0:no code"]
    carried("plain-text", version)


@every_version
async def test_plain_text_that_fails_says_so_in_its_last_paragraph(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    upstream.enqueue(broken("Half"))
    async with pages.open(version, api, text=True, body={"protocol": "text"}) as page:
        await page.send("Hi")
        held = await page.idle()
    first, _, last = held.shown[-1].partition("\n\n")
    assert first == "Half"
    assert "broke off" in last


@every_version
async def test_a_page_that_names_its_protocol_gets_it(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    upstream.enqueue(text_reply("Hello"))
    protocol = "data-stream" if version == V4 else "ui-message-stream"
    async with pages.open(version, api, body={"protocol": protocol}) as page:
        await page.send("Hi")
        held = await page.idle()
    held.assert_undisturbed()
    assert held.shown[-1] == "Hello"


@every_version
async def test_an_unknown_protocol_is_refused_with_the_known_ones(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    async with pages.open(version, f"{api}?protocol=websocket") as page:
        await page.send("Hi")
        held = await page.idle()
    assert held.requests[0]["status"] == 400
    assert held.alert is not None
    for known in ("websocket", "data-stream", "ui-message-stream", "sse", "text"):
        assert known in json.loads(held.alert)["error"]
    assert upstream.requests == []


@every_version
async def test_a_history_of_the_other_generation_is_read(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    """A page was migrated and has stored what the other generation's client held."""
    upstream.enqueue(text_reply("Yes."))
    parts = [{"type": "text", "text": "Before"}]
    older = {"id": "m1", "role": "user", "content": "Before", "parts": parts}
    newer = {"id": "m1", "role": "user", "parts": parts}
    stored: list[dict[str, Any]] = [
        newer if version == V4 else older,
        {"id": "m2", "role": "assistant", "content": "Then", "parts": []},
    ]
    async with pages.open(version, api, messages=stored) as page:
        await page.send("Remember?")
        held = await page.idle()
    held.assert_undisturbed()
    assert held.parts("text")[-1]["text"] == "Yes."
    read = [(message["role"], message["content"]) for message in upstream.requests[0].json["messages"]]
    assert read == [("user", "Before"), ("assistant", "Then"), ("user", "Remember?")]


@pytest.mark.parametrize(
    ("messages", "begins"),
    [
        ([{"role": "user", "content": "Hi"}], b"f:"),
        ([{"id": "m", "role": "user", "parts": [{"type": "text", "text": "Hi"}]}], b"data: "),
    ],
)
async def test_the_form_of_the_body_chooses_the_protocol(
    api: str, upstream: FakeUpstream, messages: list[Any], begins: bytes
) -> None:
    """Also without a trigger, as a client of one's own posts it."""
    upstream.enqueue(text_reply("Hello"))
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(api, json={"messages": messages})
    assert answer.status_code == 200
    assert answer.content.startswith(begins)


async def test_a_client_without_the_sdk_reads_plain_events(api: str, upstream: FakeUpstream) -> None:
    upstream.enqueue(text_reply("Hel", "lo"))
    body = {"messages": [{"role": "user", "content": "Hi"}], "protocol": "sse"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(api, json=body)
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert "".join(each["content"] for each in events if each["type"] == "text-delta") == "Hello"
    usage = {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12}
    assert events[-1] == {"type": "finish", "finishReason": "stop", "usage": usage}
