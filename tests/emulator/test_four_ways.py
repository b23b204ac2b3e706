"""One function, asked in the four ways that there are: the chat of this repository, with the stand-in as its model."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from emulator.serving import serving
from emulator.settings import DEFAULT_COMMAND
from emulator.stand_in_model import stand_in_model
from tests.emulator.boto import Boto
from tests.emulator.conftest import HERE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.emulator.conftest import Emulator, StartEmulator

_BODY = {"messages": [{"role": "user", "content": "Hello"}]}
_LAMBDA = HERE.parents[1] / "lambda"


@pytest.fixture
async def chat(start_emulator: StartEmulator) -> AsyncIterator[Emulator]:
    async with serving(stand_in_model(0)) as model:
        variables = {"OPENAI_API_KEY": "any", "OPENAI_BASE_URL": f"http://127.0.0.1:{model}/v1"}
        async with start_emulator(
            command=DEFAULT_COMMAND, task_root=_LAMBDA, variables=variables
        ) as emulator:
            yield emulator


def text_of(stream: bytes) -> str:
    """The text of a data stream, which ends as one does."""
    lines = stream.decode().splitlines()
    assert lines[0].startswith("f:{")
    assert lines[-1].startswith("d:{")
    return "".join(json.loads(line[2:]) for line in lines if line.startswith("0:"))


async def test_each_way_gives_the_same_text(chat: Emulator) -> None:
    """HTTP's two ways with status and headers of their own, the direct ones without a prelude."""
    boto = Boto(chat.url)
    url = await chat.client.post(chat.url, json=_BODY)
    rest = await chat.client.post(f"{chat.rest_url}/", json=_BODY)
    streamed, complete = await boto.streamed(_BODY)
    invoked = await boto.invoke(_BODY)
    curled = await chat.invoke(_BODY)
    boto.close()

    texts = [
        text_of(stream)
        for stream in (url.content, rest.content, streamed, invoked["Payload"], curled.content)
    ]
    assert texts == [texts[0]] * 5
    assert "Hello" in texts[0]
    for response in (url, rest):
        assert response.status_code == 200
        assert response.headers["x-vercel-ai-data-stream"] == "v1"
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert complete == {}


async def test_what_is_wrong_with_a_body_is_said_in_each_way(chat: Emulator) -> None:
    """With a status where there is HTTP; a direct caller reads the same sentence."""
    wrong: dict[str, Any] = {"messages": "Hello"}
    boto = Boto(chat.url)
    answers = [
        await chat.client.post(chat.url, json=wrong),
        await chat.client.post(chat.rest_url, json=wrong),
    ]
    direct = [(await boto.streamed(wrong))[0], (await boto.invoke(wrong))["Payload"]]
    boto.close()
    assert [answer.status_code for answer in answers] == [400, 400]
    said = [json.loads(body) for body in [*(answer.content for answer in answers), *direct]]
    assert all(each == said[0] for each in said)
    assert said[0]["success"] is False
    assert re.search("messages", said[0]["error"])


async def test_all_ways_at_once(chat: Emulator) -> None:
    boto = Boto(chat.url)
    url, rest, (streamed, _), invoked = await asyncio.gather(
        chat.client.post(chat.url, json=_BODY),
        chat.client.post(chat.rest_url, json=_BODY),
        boto.streamed(_BODY),
        boto.invoke(_BODY),
    )
    boto.close()
    streams = (url.content, rest.content, streamed, invoked["Payload"])
    assert len({text_of(stream) for stream in streams}) == 1
