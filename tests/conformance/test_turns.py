"""What a user does with a chat: stop, regenerate, edit, attach, come back; and what each version posts for it."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest

from infra.settings import Settings
from tests.clients.pages import V4, VERSIONS, files
from tests.fakes.upstream import Reply, chunk, event, text_events, text_reply

if TYPE_CHECKING:
    from tests.clients.pages import Pages
    from tests.conformance.conftest import Carried
    from tests.fakes.upstream import FakeUpstream

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("version", VERSIONS)]
PNG = b"\x89PNG\r\n\x1a\n"


async def test_the_first_token_is_shown_while_the_answer_is_still_made(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    go_on = asyncio.Event()
    upstream.enqueue(Reply([event(chunk({"content": "First"})), go_on, *text_events(" second")]))
    async with pages.open(version, api) as page:
        await page.send("Hi")
        held = await page.until(shows="First", status="streaming")
        assert held.shown[-1] == "First"
        go_on.set()
        held = await page.idle()
    held.assert_undisturbed()
    assert held.shown[-1] == "First second"


async def test_stop_keeps_what_came_and_the_chat_goes_on(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """No error is shown; the stopped answer is in the history of the next question."""
    go_on = asyncio.Event()
    upstream.enqueue(
        Reply([event(chunk({"content": "Once"})), go_on, *text_events(" upon")]), text_reply("New")
    )
    async with pages.open(version, api) as page:
        await page.send("Tell")
        await page.until(shows="Once")
        await page.call("stop")
        held = await page.idle()
        assert (held.status, held.shown, held.alert) == ("ready", ["Tell", "Once"], None)
        go_on.set()
        await page.send("Another")
        held = await page.idle()
    held.assert_undisturbed()
    assert held.shown == ["Tell", "Once", "Another", "New"]
    assert upstream.requests[1].json["messages"][1] == {"role": "assistant", "content": "Once"}
    carried("stop", version)


async def test_regenerate_replaces_the_answer(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    upstream.enqueue(text_reply("One"), text_reply("Two"))
    async with pages.open(version, api) as page:
        await page.send("Say")
        await page.idle()
        await page.call("reload" if version == V4 else "regenerate")
        held = await page.idle()
    held.assert_undisturbed()
    assert held.shown == ["Say", "Two"]
    if version != V4:
        assert held.bodies[1]["trigger"] == "regenerate-message"
    assert upstream.requests[1].json["messages"] == [{"role": "user", "content": "Say"}]
    carried("regenerate", version)


async def test_an_edited_question_is_answered_anew(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    upstream.enqueue(text_reply("One"), text_reply("Two"), text_reply("Three"))
    async with pages.open(version, api) as page:
        for text in ("First", "Second"):
            await page.send(text)
            held = await page.idle()
        first = held.messages[0]["id"]
        if version == V4:
            better = {"id": first, "role": "user", "content": "Better"}
            await page.call("setMessages", [better])
            await page.call("reload")
        else:
            await page.call("sendMessage", {"text": "Better", "messageId": first})
        held = await page.idle()
    held.assert_undisturbed()
    assert [message["role"] for message in held.messages] == ["user", "assistant"]
    assert held.shown[-1] == "Three"
    assert upstream.requests[2].json["messages"] == [{"role": "user", "content": "Better"}]
    carried("edit", version)


async def test_attachments_arrive_as_the_version_sends_them(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """A picked image and a picked text file: the model gets the one as an image, the other as its text."""
    upstream.enqueue(text_reply("I see."))
    picked = files(("a.png", "image/png", PNG), ("notes.txt", "text/plain", "Grüße".encode()))
    async with pages.open(version, api) as page:
        await page.send("Look", files=picked)
        held = await page.idle()
    held.assert_undisturbed()
    (read,) = upstream.requests[0].json["messages"]
    image = {"url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"}
    assert [part["image_url"]["url"] for part in read["content"] if part["type"] == "image_url"] == [
        image["url"]
    ]
    texts = [part["text"] for part in read["content"] if part["type"] == "text"]
    assert "Look" in texts
    assert any("Grüße" in text for text in texts)
    carried("attachments", version)


async def test_there_is_nothing_to_resume(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """A page that asks on loading gets the answer its version takes for that, keeps its messages, shows no error."""
    parts = [{"type": "text", "text": "Before"}]
    earlier: dict[str, Any] = {"id": "m1", "role": "user"}
    earlier |= {"content": "Before"} if version == V4 else {"parts": parts}
    async with pages.open(version, api, messages=[earlier], id="stored/1") as page:
        await page.call("experimental_resume" if version == V4 else "resumeStream")
        # 5.0.0 goes on to show "submitted", whatever the answer.
        held = await (page.until(requests=1, answered=True) if version == "5.0.0" else page.idle())
    assert held.late is False
    assert held.requests[0]["method"] == "GET"
    assert held.requests[0]["status"] == (200 if version == V4 else 204)
    assert (held.error, held.alert, held.errors) == (None, None, [])
    assert [message["role"] for message in held.messages] == ["user"]
    assert upstream.requests == []
    carried("resume", version)


async def test_a_page_sends_no_header_that_cors_would_have_to_allow(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    """Beyond those that the stack allows by default: a browser would not send the request at all.

    Some versions set `User-Agent`, which Safari and Firefox ask the server about (vercel/ai#9256, docs/frontend.md).
    """
    upstream.enqueue(text_reply("Hello"))
    async with pages.open(version, api) as page:
        await page.send("Hi")
        held = await page.idle()
        await page.call("experimental_resume" if version == V4 else "resumeStream")
        held = await page.until(requests=2, answered=True)
    allowed = Settings.model_validate({"allowMissingKey": True})
    for request in held.requests:
        named = {"user-agent"} if version == "6.0.0" else set()
        assert set(request["headers"]) - named <= set(allowed.cors_allow_headers)
        assert named <= set(request["headers"])
        assert request["method"] in allowed.cors_allow_methods
