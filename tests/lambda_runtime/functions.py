"""The handlers that the tests run in a runtime of their own."""

from __future__ import annotations

import asyncio
import decimal
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_runtime import (
    BlockingResponseStream,
    HttpResponseStream,
    LambdaContext,
    ResponseStream,
    on_shutdown,
    raw_event,
    streamify_response,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

log = logging.getLogger("functions")
kept: list[LambdaContext] = []


def buffered(event: Any, context: LambdaContext) -> Any:
    match event:
        case {"raise": message}:
            raise ValueError(message)
        case {"raise_surrogate": _}:
            raise ValueError("bad \ud800")
        case {"remove_folder": path}:
            os.chdir(path)
            Path(path).rmdir()
            raise ValueError("nowhere")
        case {"bytes": text}:
            return text.encode()
        case {"decimals": numbers}:
            return [decimal.Decimal(number) for number in numbers]
        case {"unserializable": _}:
            return object()
        case {"surrogate": _}:
            return "\ud800"
        case {"exit": code}:
            sys.exit(code)
        case {"context": _}:
            return {
                "request_id": context.aws_request_id,
                "arn": context.invoked_function_arn,
                "name": context.function_name,
                "memory": context.memory_limit_in_mb,
                "remaining": context.get_remaining_time_in_millis(),
                "tenant": context.tenant_id,
                "identity": [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
                "custom": context.client_context and context.client_context.custom,
                "app_title": context.client_context
                and context.client_context.client
                and context.client_context.client.app_title,
                "w3c": context.w3c(),
                "trace": os.environ.get("_X_AMZN_TRACE_ID"),
                "repr": repr(context),
            }
        case {"log": text}:
            context.log(f"raw {text}\n")
            log.warning("warned %s", text, extra={"answer": 42})
            print(f"printed {text}")
            return None
        case {"log_json": fields}:
            context.log_json(fields)
            return None
        case {"adopt_late": traceparent}:
            log.warning("before")
            kept.append(context)
            kept[0].adopt_traceparent(traceparent)
            log.warning("after")
            return [each.trace_id for each in kept]
        case {"adopt": traceparent}:
            adopted = context.adopt_traceparent(traceparent)
            log.warning("adopted")
            return [adopted, context.trace_id, context.xray_trace_id]
        case {"log_exception": text}:
            try:
                raise KeyError(text)
            except KeyError:
                log.exception("caught")
            return None
        case {"own_loop": value}:
            return [
                asyncio.run(asyncio.sleep(0, value)),
                threading.current_thread() is threading.main_thread(),
            ]
        case {"forgot_to_decorate": _}:
            return (piece for piece in "abc")
        case {"forgot_async": _}:
            return asyncio.sleep(0)
        case {"background": text}:

            async def later() -> None:
                await asyncio.sleep(0)
                print(f"background {text}")
                if text == "endless":
                    await asyncio.sleep(60)

            context.add_background_task(later())
            return "first"
    return event


async def buffered_async(event: Any, context: LambdaContext) -> Any:
    await asyncio.sleep(0)
    if event == "raise":
        raise LookupError("no such thing")
    return {"echo": event}


@streamify_response
async def streaming(event: Any, stream: ResponseStream, context: LambdaContext) -> Any:
    match event:
        case {"http": metadata}:
            response = HttpResponseStream.from_(stream, metadata)
            assert response is stream
            await stream.end("hello")
        case {"http_empty": metadata}:
            HttpResponseStream.from_(stream, metadata)
            await stream.end()
        case {"http_raise": metadata}:
            HttpResponseStream.from_(stream, metadata)
            await stream.write(b"")
            raise ValueError("after the prelude")
        case {"pieces": pieces}:
            stream.content_type = "text/plain; charset=utf-8"
            for piece in pieces:
                await stream.write(piece)
            await stream.end()
        case {"kinds": _}:
            for value in (
                b"bytes",
                bytearray(b"array"),
                memoryview(b"view"),
                "té\ud83d\ude00xt".encode("utf-16", "surrogatepass").decode("utf-16"),
                {"json": "ü"},
                7,
            ):
                await stream.write(value)
            await stream.end()
        case {"raise_after": pieces, "message": message}:
            for piece in pieces:
                await stream.write(piece)
            raise ValueError(message)
        case {"raise_after_end": _}:
            await stream.end("whole")
            raise ValueError("too late to tell")
        case {"exit": code}:
            await stream.write("begun")
            sys.exit(code)
        case {"raise_surrogate": _}:
            await stream.write("begun")
            raise ValueError("bad \ud800")
        case {"fill": piece}:
            written = 0
            try:
                while True:
                    async with asyncio.timeout(0.5):
                        await stream.write(b"f" * piece)
                    written += piece
            except TimeoutError:
                print("stuck")
                await stream.end(f"written {written}")
        case {"never_end": _}:
            await stream.write("open")
        case {"late": what}:
            await stream.write("begun")
            if what == "content_type":
                stream.content_type = "text/html"
            elif what == "prelude":
                HttpResponseStream.from_(stream, {})
            else:
                await stream.end()
                await stream.write("more")
        case {"returns": value}:
            await stream.end("x")
            return value
        case {"large": size}:
            await stream.end(b"x" * size)
        case {"many": count, "size": size}:
            for _ in range(count):
                await stream.write(b"y" * size)
            await stream.end()
        case {"peak": count, "size": size}:
            await send_and_report_growth(stream, count, size)
        case {"together": size}:
            await asyncio.gather(*(stream.write(letter * size) for letter in "abcd"))
            await stream.end()
        case {"cancel_write": size}:
            task = asyncio.create_task(stream.write("a" * size))
            while not stream.started:
                await asyncio.sleep(0)
            task.cancel()  # the reader stands still, so the write is stuck half-way
            print("cancelled")
            await stream.write("terminal")
            await stream.end()
        case {"background": text}:

            async def later() -> None:
                await asyncio.sleep(0)
                print(f"background {text}")
                if text == "fail":
                    raise ValueError("background failure")
                if text == "slow":
                    try:
                        await asyncio.sleep(60)
                    finally:
                        await asyncio.sleep(0.05)  # as a connection takes to be closed
                        print("background cleaned up")

            context.add_background_task(later())
            await stream.end("answered")
        case "linger":
            await stream.end("answered")
            print("lingering")
            await asyncio.sleep(60)
        case {"wait": _}:
            try:
                await stream.write("waiting")
                print("waiting")
                await asyncio.sleep(60)
            finally:
                print("cleaned up")
        case _:
            await stream.end(event)
    return None


async def send_and_report_growth(stream: ResponseStream, count: int, size: int) -> None:
    """Write `count` pieces, then the growth of the process's memory meanwhile, in KiB."""
    piece = b"z" * size
    await stream.write(piece)
    before = resident_kib()
    for _ in range(count - 1):
        await stream.write(piece)
    await stream.end(f"{resident_kib() - before}")


def resident_kib() -> int:
    with open("/proc/self/statm") as statm:  # noqa: PTH123 - a file of the kernel, read at once
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@streamify_response
def blocking(event: Any, stream: BlockingResponseStream, context: LambdaContext) -> Any:
    if event == {"coroutine": 1}:
        return asyncio.sleep(0)
    HttpResponseStream.from_(stream, {"statusCode": 201})
    stream.write("one")
    assert asyncio.run(asyncio.sleep(0, "own loop")) == "own loop"
    stream.write("two")
    if event == {"raise": 1}:
        raise ValueError("between")
    if event == {"wait": 1}:
        try:
            print("waiting")
            threading.Event().wait(60)
        finally:
            print("cleaned up")
    stream.end("three")
    return None


@streamify_response
def blocking_typed(event: Any, stream: BlockingResponseStream, context: LambdaContext) -> None:
    stream.content_type = "text/csv"
    stream.end(stream.content_type)


@streamify_response
def generator(event: Any, stream: BlockingResponseStream, context: LambdaContext) -> Iterator[Any]:
    try:
        yield "first"
        if event == {"raise": 1}:
            raise ValueError("in a generator")
        yield {"second": 2}
    finally:
        print("generator closed")


@streamify_response
async def async_generator(event: Any, stream: ResponseStream, context: LambdaContext) -> AsyncIterator[Any]:
    HttpResponseStream.from_(stream, {"headers": {"content-type": "text/plain"}})
    try:
        yield "first"
        await asyncio.sleep(0)
        if event == {"raise": 1}:
            raise ValueError("in an async generator")
        yield b"second"
    finally:
        print("async generator closed")


@raw_event
def raw(event: bytes, context: LambdaContext) -> Any:
    return [type(event).__name__, event.decode("latin-1")]


@raw_event
@streamify_response
async def raw_streaming(event: bytes, stream: ResponseStream, context: LambdaContext) -> None:
    await stream.end(event)


class CallableHandler:
    async def __call__(self, event: Any, context: LambdaContext) -> Any:
        await asyncio.sleep(0)
        return ["called", event]


callable_handler = CallableHandler()
not_callable = 7


def hooked(event: Any, context: LambdaContext) -> Any:
    if event == "register":

        @on_shutdown
        def plain() -> None:
            print("plain hook ran")

        @on_shutdown
        async def broken() -> None:
            raise ValueError("broken hook")

        @on_shutdown
        async def asynchronous() -> None:
            await asyncio.sleep(0)
            print("async hook ran")

    if event == "slow":
        on_shutdown(lambda: asyncio.sleep(60))
    return event
