"""The stand-in model, read by the openai SDK."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.serving import serving
from emulator.stand_in_model import __doc__ as documentation
from emulator.stand_in_model import stand_in_model
from emulator.stand_in_model.answer import BEHAVIOURS, BadRequest, complete
from emulator.stand_in_model.failures import FAILURES
from emulator.stand_in_model.showcase import SHOWS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from openai.types.chat import ChatCompletionChunk

_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather at a place",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city", "days", "unit"],
        },
    },
}
_CLOCK = {"type": "function", "function": {"name": "clockTime", "parameters": {"type": "object"}}}


@pytest.fixture
async def base_url() -> AsyncIterator[str]:
    async with serving(stand_in_model(delay=0)) as port:
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        api_key="any",
        base_url=base_url,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
    ) as client:
        yield client


def says(text: str) -> Any:
    return [{"role": "user", "content": text}]


async def streamed(client: openai.AsyncOpenAI, **request: Any) -> list[ChatCompletionChunk]:
    return [chunk async for chunk in await client.chat.completions.create(stream=True, **request)]


def text_of(chunks: Iterable[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def test_a_streamed_answer_is_the_whole_one_in_pieces(client: openai.AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="gpt-4o-mini", messages=says("Hi there"))
    chunks = await streamed(
        client, model="gpt-4o-mini", messages=says("Hi there"), stream_options={"include_usage": True}
    )
    text = text_of(chunks)
    assert text == whole.choices[0].message.content
    assert "stand-in" in text
    assert "Hi there" in text
    assert {chunk.model for chunk in chunks} == {"gpt-4o-mini"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert whole.usage
    assert 60 <= whole.usage.completion_tokens <= 100


async def test_usage_only_when_asked_for(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(client, model="m", messages=says("Hi"))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


async def test_a_tool_that_the_message_names_is_called(client: openai.AsyncOpenAI) -> None:
    question = says("What will the weather be in New York for the next 3 days, in fahrenheit?")
    whole = await client.chat.completions.create(model="m", messages=question, tools=[_WEATHER, _CLOCK])  # type: ignore[list-item]  # plain dicts, as users write them
    choice = whole.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"city": "New York", "days": 3, "unit": "fahrenheit"}

    chunks = await streamed(client, model="m", messages=question, tools=[_WEATHER, _CLOCK])
    deltas = [delta for chunk in chunks for delta in chunk.choices[0].delta.tool_calls or []]
    assert [delta.function.name for delta in deltas if delta.function and delta.function.name] == [
        "get_weather"
    ]
    assert [bool(delta.id) for delta in deltas] == [True] + [False] * (len(deltas) - 1)
    arguments = "".join(delta.function.arguments or "" for delta in deltas if delta.function)
    assert arguments == call.function.arguments
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("What time is it?", {"seconds": True}),
        ("What time is it in Europe/Berlin?", {"timeZone": "Europe/Berlin", "seconds": True}),
    ],
)
def test_an_optional_text_is_left_out_where_the_message_names_nothing(
    message: str, arguments: dict[str, Any]
) -> None:
    schema = {
        "type": "object",
        "properties": {"timeZone": {"type": "string"}, "seconds": {"type": "boolean"}},
    }
    tool = {"type": "function", "function": {"name": "current_time", "parameters": schema}}
    (call,) = complete({"model": "m", "messages": says(message), "tools": [tool]}).tool_calls
    assert json.loads(call["function"]["arguments"]) == arguments


async def test_several_tools_are_several_calls(client: openai.AsyncOpenAI) -> None:
    chunks = await streamed(
        client, model="m", messages=says("weather and clock, please"), tools=[_WEATHER, _CLOCK]
    )
    deltas = [delta for chunk in chunks for delta in chunk.choices[0].delta.tool_calls or []]
    assert {delta.index for delta in deltas} == {0, 1}


@pytest.mark.parametrize(
    ("message", "choice", "called"),
    [
        ("Tell me a joke", "auto", []),
        ("the weather", "none", []),
        ("Tell me a joke", "required", ["get_weather"]),
        ("Tell me a joke", {"type": "function", "function": {"name": "clockTime"}}, ["clockTime"]),
    ],
)
async def test_tool_choice(client: openai.AsyncOpenAI, message: str, choice: Any, called: list[str]) -> None:
    answer = await client.chat.completions.create(
        model="m",
        messages=says(message),
        tools=[_WEATHER, _CLOCK],  # type: ignore[list-item]  # plain dicts, as users write them
        tool_choice=choice,
    )
    calls = answer.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls if call.type == "function"] == called


async def test_after_a_tool_s_result_the_answer_quotes_it(client: openai.AsyncOpenAI) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages: Any = [
        *says("The weather in Paris?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny, 21 degrees"},
    ]
    answer = await client.chat.completions.create(model="m", messages=messages, tools=[_WEATHER])  # type: ignore[list-item]  # plain dicts, as users write them
    assert "sunny, 21 degrees" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("error-401", openai.AuthenticationError),
        ("error-404", openai.NotFoundError),
        ("error-429", openai.RateLimitError),
        ("error-quota", openai.RateLimitError),
        ("error-500", openai.InternalServerError),
        ("error-context", openai.BadRequestError),
    ],
)
async def test_errors_are_the_sdk_s_own(
    client: openai.AsyncOpenAI, name: str, error: type[openai.APIStatusError]
) -> None:
    """By the model's name and by the message."""
    for request in (
        {"model": name, "messages": says("Hi")},
        {"model": "m", "messages": says(f"/{name}")},
    ):
        with pytest.raises(error) as raised:
            await streamed(client, **request)
        assert raised.value.code == FAILURES[name].code
        assert ("retry-after" in raised.value.response.headers) is (name == "error-429")


async def test_cut_breaks_the_connection(client: openai.AsyncOpenAI) -> None:
    chunks: list[ChatCompletionChunk] = []

    async def read() -> None:
        async for chunk in await client.chat.completions.create(
            model="cut", messages=says("Hi"), stream=True
        ):
            chunks.append(chunk)  # noqa: PERF401 - what came before the failure is asserted

    with pytest.raises((openai.APIConnectionError, httpx.RemoteProtocolError)):
        await read()
    assert text_of(chunks)
    assert chunks[-1].choices[0].finish_reason is None


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"model": "length"}, "length"),
        ({"model": "m", "max_completion_tokens": 5}, "length"),
        ({"model": "m", "max_tokens": 5}, "length"),
        ({"model": "m", "max_tokens": 5000}, "stop"),
        ({"model": "content-filter"}, "content_filter"),
    ],
)
async def test_finish_reasons(client: openai.AsyncOpenAI, request_: dict[str, Any], reason: str) -> None:
    chunks = await streamed(client, messages=says("Hi"), **request_)
    assert chunks[-1].choices[0].finish_reason == reason
    assert text_of(chunks)


@pytest.mark.parametrize("name", SHOWS)
async def test_what_a_page_must_show_is_streamed_as_it_is_answered_whole(
    client: openai.AsyncOpenAI, name: str
) -> None:
    """Reasoning, annotations and images are fields that the SDK passes on: other servers' or newer than it."""
    whole = await client.chat.completions.create(model="m", messages=says(f"/{name}"))
    chunks = await streamed(
        client, model="m", messages=says(f"/{name}"), stream_options={"include_usage": True}
    )
    deltas = [chunk.choices[0].delta.model_dump() for chunk in chunks if chunk.choices]
    message = whole.choices[0].message.model_dump()
    assert text_of(chunks) == message["content"] == SHOWS[name].text
    reasoning = "".join(delta.get("reasoning_content") or "" for delta in deltas)
    assert reasoning == message.get("reasoning_content", "") == SHOWS[name].reasoning
    annotations = [found for delta in deltas for found in delta.get("annotations") or []]
    assert annotations == message["annotations"] == SHOWS[name].annotations
    images = [found for delta in deltas for found in delta.get("images") or []]
    assert images == message.get("images", []) == SHOWS[name].images
    assert chunks[-1].usage == whole.usage
    assert bool(reasoning) is bool(
        whole.usage
        and whole.usage.completion_tokens_details
        and whole.usage.completion_tokens_details.reasoning_tokens
    )


async def test_reasoning_comes_before_the_text_and_the_rest_behind_it(client: openai.AsyncOpenAI) -> None:
    for name, first, last in (
        ("reasoning", "reasoning_content", "content"),
        ("sources", "content", "annotations"),
        ("image", "content", "images"),
    ):
        chunks = await streamed(client, model="m", messages=says(f"/{name}"))
        deltas = [chunk.choices[0].delta.model_dump(exclude_unset=True) for chunk in chunks[1:-1]]
        order = [key for delta in deltas for key in delta if delta[key]]
        assert (order[0], order[-1]) == (first, last)
        assert len(order) > 10


def test_citations_point_at_the_words_that_they_back() -> None:
    show = SHOWS["sources"]
    for annotation, (sentence, _, _) in zip(show.annotations, show.citations, strict=True):
        cited = annotation["url_citation"]
        assert show.text[cited["start_index"] : cited["end_index"]] == sentence


def test_the_image_is_a_png_of_its_size() -> None:
    kind, _, data = SHOWS["image"].image.partition(",")
    picture = base64.b64decode(data, validate=True)
    width, height = struct.unpack(">II", picture[16:24])
    pixels = zlib.decompress(picture[picture.index(b"IDAT") + 4 : picture.index(b"IEND") - 8])
    assert kind == "data:image/png;base64"
    assert len(pixels) == height * (1 + 3 * width)


def test_a_cut_short_answer_has_no_more_than_its_tokens() -> None:
    """A limit ends it before what comes behind its text."""
    completion = complete({"model": "m", "messages": says("/sources"), "max_tokens": 3})
    assert (len(completion.tokens), completion.annotations, completion.finish_reason) == (3, [], "length")


def test_a_tool_s_result_is_never_taken_for_a_wish() -> None:
    messages = [*says("The weather?"), {"role": "tool", "tool_call_id": "c", "content": "/markdown"}]
    assert "The tool returned: /markdown." in "".join(complete({"model": "m", "messages": messages}).tokens)


async def test_silent_sends_its_head_and_nothing_more(base_url: str) -> None:
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream(
            "POST",
            f"{base_url}/chat/completions",
            json={"model": "silent", "messages": says("Hi"), "stream": True},
            headers={"authorization": "Bearer any"},
        ) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"


async def test_the_events_are_openai_s(base_url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.post(
            f"{base_url}/chat/completions",
            json={
                "model": "m",
                "messages": says("Hi"),
                "stream": True,
                "stream_options": {"include_usage": True},
            },
            headers={"authorization": "Bearer any"},
        )
    assert response.headers["x-request-id"].startswith("req_")
    *events, done, after = response.text.split("\n\n")
    assert (done, after) == ("data: [DONE]", "")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert chunks[-2]["choices"][0]["delta"] == {}


async def test_models_are_listed(client: openai.AsyncOpenAI) -> None:
    names = [model.id async for model in client.models.list()]
    assert names[0] == "stand-in"
    assert set(names) == {"stand-in", *FAILURES, *BEHAVIOURS, *SHOWS}
    assert all(f"`{name}`" in (documentation or "") for name in names[1:])


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer"}, {"authorization": "Basic x"}])
async def test_no_key_is_401(base_url: str, header: dict[str, str]) -> None:
    async with httpx.AsyncClient(trust_env=False, headers=header) as client:
        for response in (
            await client.get(f"{base_url}/models"),
            await client.post(f"{base_url}/chat/completions"),
        ):
            assert response.status_code == 401
            assert "didn't provide an API key" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b"[]", None),
        (b"{}", "model"),
        (b'{"model":"m"}', "messages"),
        (b'{"model":"m","messages":[]}', "messages"),
        (b'{"model":"m","messages":["x"]}', "messages"),
        (b'{"model":"m","messages":[{"role":"user"}],"tools":[1]}', "tools"),
        (b'{"model":"m","messages":[{"role":"user"}],"tools":1}', "tools"),
        (
            (
                b'{"model":"m","messages":[{"role":"user"}],"tool_choice":"required","tools":[{"function":'
                b'{"name":"f","parameters":{"type":"string"}}}]}'
            ),
            "tools",
        ),
        (b'{"model":"m","messages":[{"role":"user"}],"tools":[{"function":{}}]}', "tools"),
    ],
)
async def test_a_wrong_request_is_400(base_url: str, body: bytes, param: str | None) -> None:
    async with httpx.AsyncClient(trust_env=False, headers={"authorization": "Bearer x"}) as client:
        response = await client.post(f"{base_url}/chat/completions", content=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_SCHEMAS = st.recursive(
    _JSON,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "string", "integer", "number", "null", "odd"])
            | _JSON,
            "properties": st.dictionaries(st.text(max_size=5), inner, max_size=3) | _JSON,
            "items": inner,
            "enum": _JSON,
            "required": _JSON,
        },
    ),
    max_leaves=6,
)


@given(st.text(max_size=50), _SCHEMAS, _JSON, _JSON)
def test_whatever_is_asked_is_answered_or_refused(said: str, schema: Any, choice: Any, extra: Any) -> None:
    """No request makes the stand-in fail in a way of its own."""
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    for request in (
        {"messages": says(said), "tools": [tool], "tool_choice": "required"},
        {"messages": says(said), "tools": [tool], "tool_choice": choice, "max_tokens": extra},
        {"messages": [{"role": "user", "content": extra}], "tools": extra},
        {"messages": extra},
    ):
        try:
            completion = complete({"model": "m", **request})
        except BadRequest:
            continue
        json.dumps([completion.tokens, completion.tool_calls, completion.usage])


async def test_the_command_serves_until_it_is_told_to_stop() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emulator.stand_in_model", "--port", "0", "--delay-ms", "0"),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/v1", (await process.stdout.readline()).decode())
    assert found
    async with httpx.AsyncClient(trust_env=False, headers={"authorization": "Bearer x"}) as client:
        assert (await client.get(f"{found[0]}/models")).status_code == 200
    process.terminate()
    await process.communicate()
    assert process.returncode == 0


@given(st.text(max_size=300), st.sampled_from(["auto", "required", "none"]))
def test_whatever_is_said_is_answered(text: str, choice: str) -> None:
    completion = complete(
        {"model": "m", "messages": says(text), "tools": [_WEATHER, _CLOCK], "tool_choice": choice}
    )
    assert bool(completion.tokens) is not bool(completion.tool_calls)
    for call in completion.tool_calls:
        assert isinstance(json.loads(call["function"]["arguments"]), dict)
    assert completion.usage["completion_tokens"] > 0
