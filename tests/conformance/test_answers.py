"""What a page holds of an answer, from the model through the real function to the real useChat, in every version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.clients.pages import V4, VERSIONS
from tests.conformance.replies import answer, broken
from tests.fakes.upstream import error_reply, text_reply

if TYPE_CHECKING:
    from tests.clients.pages import Pages
    from tests.conformance.conftest import Carried
    from tests.fakes.upstream import FakeUpstream

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("version", VERSIONS)]

TEXT = ("Grüße, ", "\n\n", "Welt 😀", ' "quoted" \\ \u2028 end')


async def test_text_arrives_whole(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """Every character of it, once, in one message of one text part, and the model has read the question."""
    upstream.enqueue(text_reply(*TEXT))
    async with pages.open(version, api) as page:
        await page.send("Hällo")
        held = await page.idle()
    held.assert_undisturbed()
    assert held.shown == ["Hällo", "".join(TEXT)]
    assert [part["text"] for part in held.parts("text")] == ["".join(TEXT)]
    assert held.status == "ready"
    assert len(held.requests) == 1
    assert upstream.requests[0].json["messages"][-1] == {"role": "user", "content": "Hällo"}
    carried("text", version)


async def test_steps_are_told(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    upstream.enqueue(text_reply("one"))
    async with pages.open(version, api) as page:
        await page.send("Hi")
        held = await page.idle()
    assert [part["type"] for part in held.answer["parts"]] == ["step-start", "text"]
    carried("steps", version)


async def test_finish_reason_and_usage_reach_the_page(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """As `onFinish` tells them (v4), or as the message's metadata."""
    upstream.enqueue(answer({"content": "cut"}, finish_reason="length"))
    async with pages.open(version, api) as page:
        await page.send("Hi")
        held = await page.idle()
    held.assert_undisturbed()
    if version == V4:
        usage = {"promptTokens": 5, "completionTokens": 7, "totalTokens": 12}
        assert held.finished == [{"finishReason": "length", "usage": usage}]
    else:
        usage = {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12}
        assert held.answer["metadata"] == {"finishReason": "length", "usage": usage}
    carried("usage", version)


async def test_reasoning_is_a_part_of_its_own(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    upstream.enqueue(
        answer({"reasoning_content": "Let me "}, {"reasoning_content": "think."}, {"content": "42"})
    )
    async with pages.open(version, api) as page:
        await page.send("Why?")
        held = await page.idle()
    held.assert_undisturbed()
    assert held.shown[-1] == "42"
    (reasoning,) = held.parts("reasoning")
    assert reasoning["reasoning" if version == V4 else "text"] == "Let me think."
    if version != V4:
        assert reasoning["state"] == "done"
    carried("reasoning", version)


async def test_sources_are_parts(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    cited = {
        "type": "url_citation",
        "url_citation": {"title": "AWS Lambda", "url": "https://aws.amazon.com/lambda/"},
    }
    upstream.enqueue(answer({"content": "See."}, {"annotations": [cited]}))
    async with pages.open(version, api) as page:
        await page.send("Where?")
        held = await page.idle()
    held.assert_undisturbed()
    (source,) = (
        [part["source"] for part in held.parts("source")] if version == V4 else held.parts("source-url")
    )
    assert (source["url"], source["title"]) == ("https://aws.amazon.com/lambda/", "AWS Lambda")
    carried("source", version)


async def test_a_generated_image_is_a_file(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    upstream.enqueue(answer({"content": "Here:"}, {"images": [image]}))
    async with pages.open(version, api) as page:
        await page.send("Draw")
        held = await page.idle()
    held.assert_undisturbed()
    (file,) = held.parts("file")
    if version == V4:
        assert (file["mimeType"], file["data"]) == ("image/png", "iVBORw0KGgo=")
    else:
        assert (file["mediaType"], file["url"]) == ("image/png", "data:image/png;base64,iVBORw0KGgo=")
    carried("file", version)


async def test_an_error_before_the_answer_is_told(
    pages: Pages, api: str, upstream: FakeUpstream, version: str
) -> None:
    """The page shows a sentence, masked; the question stays, there is no empty answer, and the next one works."""
    upstream.enqueue(
        error_reply(401, {"message": "Incorrect API key provided: sk-secret"}), text_reply("Back")
    )
    async with pages.open(version, api) as page:
        await page.send("Hi")
        held = await page.idle()
        assert (held.status, held.shown) == ("error", ["Hi"])
        assert held.alert is not None
        assert "sk-secret" not in held.alert
        assert held.errors == [held.error]
        await page.send("Again")
        held = await page.idle()
    assert (held.status, held.error, held.shown[-1]) == ("ready", None, "Back")


async def test_a_refused_request_shows_why(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    """The client's error is the body of the answer, whole: `{"success": false, "error": sentence}`."""
    async with pages.open(version, api, body={"tools": "none"}) as page:
        await page.send("Hi")
        held = await page.idle()
    assert held.status == "error"
    assert held.requests[0]["status"] == 400
    assert held.alert is not None
    refusal = {"success": False, "error": "tools must be an array or an object, not a string."}
    assert json.loads(held.alert) == refusal
    assert upstream.requests == []
    carried("error-before", version)


async def test_an_answer_that_breaks_off_keeps_its_text_and_says_so(
    pages: Pages, api: str, upstream: FakeUpstream, carried: Carried, version: str
) -> None:
    upstream.enqueue(broken("Half an ", "ans"), text_reply("Whole"))
    async with pages.open(version, api) as page:
        await page.send("Hi")
        held = await page.idle()
        assert (held.status, held.shown) == ("error", ["Hi", "Half an ans"])
        assert held.alert is not None
        assert "broke off" in held.alert
        assert held.uncaught == []
        assert len(held.requests) == 1
        carried("error", version)
        await page.send("Again")
        held = await page.idle()
    assert (held.status, held.error, held.shown[-1]) == ("ready", None, "Whole")
