"""A Runtime API that misbehaves: the process says why and exits, as AWS asks, rather than hang or spin."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from lambda_runtime.api import RuntimeApi
from tests.fakes.runtime_process import Starter

EVENT = b"Lambda-Runtime-Aws-Request-Id: r1\r\nContent-Type: application/json\r\n"
EMPTY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n"


class RawServer:
    """Answers the requests of all connections with the given bytes, one after the other, then closes."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.heads: list[str] = []
        self.bodies: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.answers:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            length = (
                int(head.split("Content-Length: ")[1].split("\r\n")[0]) if "Content-Length: " in head else 0
            )
            self.bodies.append(await reader.readexactly(length))
            answer = self.answers.pop(0)
            writer.write(answer)
            await writer.drain()
            if b"Connection: close" in answer or not answer:
                break
        writer.close()
        await writer.wait_closed()


async def run(host: str, *answers: bytes, **environ: str) -> tuple[RawServer, int, str]:
    """Run the runtime against such a server until it exits by itself."""
    raw = RawServer(list(answers))
    server = await asyncio.start_server(raw.serve, host, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

        starter = Starter(address, Path(__file__).parent)
        process = await starter("functions.buffered", **environ)
        code, output = await process.exited()
    return raw, code, output


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "sent no HTTP"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope", "/next answered 403: b'nope'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "/next answered 200"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{", "closed in the middle"),
        (b"", "closed the connection"),
    ],
)
async def test_an_answer_that_is_no_event_ends_the_process(answer: bytes, words: str) -> None:
    _, code, output = await run("127.0.0.1", answer)
    assert code == 1
    assert "The runtime exits" in output
    assert words in output
    assert "Traceback" not in output


async def test_a_refused_extension_ends_the_process() -> None:
    refused = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope"
    _, code, output = await run("127.0.0.1", refused, LAMBDA_RUNTIME_SIGTERM="1")
    assert code == 1
    assert "/extension/register answered 403" in output


async def test_an_ipv6_address_and_connections_that_close_each_time() -> None:
    event = b"HTTP/1.1 200 OK\r\n" + EVENT + b"Connection: close\r\nContent-Length: 1\r\n\r\n7"
    raw, code, _ = await run("::1", event, EMPTY + b"Connection: close\r\n\r\n", b"")
    assert code == 1  # the third request finds nobody
    assert [head.split(" ")[1].rsplit("/", 1)[1] for head in raw.heads] == ["next", "response", "next"]
    assert raw.heads[0].split("Host: ")[1].startswith("[::1]:")


async def test_a_request_that_was_half_answered_is_not_sent_again() -> None:
    """Only a connection that proves closed before any byte may be replaced: the platform has had this response."""
    event = b"HTTP/1.1 200 OK\r\n" + EVENT + b"Content-Length: 1\r\n\r\n7"
    half = b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{"
    raw, code, output = await run("127.0.0.1", event, half, EMPTY + b"\r\n")
    assert code == 1
    assert "closed in the middle" in output
    assert [head.split(" ")[1].rsplit("/", 1)[1] for head in raw.heads] == ["next", "response"]


async def test_an_event_without_a_deadline_has_lambdas_longest() -> None:
    """Some emulators send none."""
    event = b"HTTP/1.1 200 OK\r\n" + EVENT + b'Content-Length: 13\r\n\r\n{"context":1}'
    raw, _, _ = await run("127.0.0.1", event, EMPTY + b"\r\n", b"")
    assert 890_000 < json.loads(raw.bodies[1])["remaining"] <= 900_000


async def test_a_deadline_that_is_no_time_since_the_epoch_is_what_is_left() -> None:
    """cargo-lambda's: 600000, whatever the clock says."""
    head = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Deadline-Ms: 600000\r\n"
    raw, _, _ = await run(
        "127.0.0.1", head + EVENT + b'Content-Length: 13\r\n\r\n{"context":1}', EMPTY + b"\r\n", b""
    )
    assert 590_000 < json.loads(raw.bodies[1])["remaining"] <= 600_000


@pytest.mark.parametrize("address", ["", "localhost", ":80", "host:port", "host:"])
def test_an_address_without_host_or_port_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        RuntimeApi(address)
