"""The floor: blocking sockets, the standard library, no errors foreseen. Nobody should run it; nothing is faster."""

import json
import os
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit


class Wire:
    """A connection, and what was read from it but not yet used."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self.buffer = b""

    def more(self) -> None:
        """Wait for one read's bytes."""
        data = self.connection.recv(65536)
        if not data:
            raise SystemExit("the other side has closed the connection")
        self.buffer += data

    def head(self) -> dict[bytes, bytes]:
        """The next response's headers, names in lower case."""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
        return {name.lower(): value.strip() for name, _, value in lines}

    def counted(self, size: int) -> bytes:
        """A body of so many bytes."""
        while len(self.buffer) < size:
            self.more()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return body

    def chunks(self) -> Iterator[bytes]:
        """The body, joined as far as one read brought it."""
        left = -1  # of the chunk under way, with its line end; -1 before a size
        while True:
            pieces: list[bytes] = []
            data, at = self.buffer, 0
            while at < len(data):
                if left < 0:
                    end = data.find(b"\r\n", at)
                    if end < 0:
                        break
                    size = int(data[at:end], 16)
                    if size == 0:
                        yield b"".join(pieces)
                        self.buffer = b""
                        return
                    at, left = end + 2, size + 2
                piece = data[at : at + left]
                at += len(piece)
                # What is cut off here is the chunk's line end, or the part of it that has come.
                pieces.append(piece[: max(0, left - 2)])
                left = left - len(piece) or -1
            self.buffer = data[at:]
            if pieces:
                yield b"".join(pieces)
            self.more()


def connect(url: str) -> Wire:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port))
    if parts.scheme == "https":
        connection = ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname)
    return Wire(connection)


def lines(upstream: Wire) -> Iterator[bytes]:
    usage = {"prompt_tokens": 0, "completion_tokens": 0}
    reason = "unknown"
    rest = b""
    made = ['f:{"messageId":"msg-0123456789abcdefghijklmn"}\n']
    for data in upstream.chunks():
        *events, rest = (rest + data).split(b"\n\n")
        for event in events:
            if event == b"data: [DONE]":
                continue
            chunk = json.loads(event[6:])
            if chunk["choices"]:
                choice = chunk["choices"][0]
                if content := choice["delta"].get("content"):
                    made.append(f"0:{json.dumps(content)}\n")
                reason = choice["finish_reason"] or reason
            usage = chunk["usage"] or usage
        if made:
            yield "".join(made).encode()
            made.clear()
    total = {"promptTokens": usage["prompt_tokens"], "completionTokens": usage["completion_tokens"]}
    yield f"e:{json.dumps({'finishReason': reason, 'usage': total, 'isContinued': False})}\n".encode()
    yield f"d:{json.dumps({'finishReason': reason, 'usage': total})}\n".encode()


def main() -> None:
    api = os.environ["AWS_LAMBDA_RUNTIME_API"]
    base = os.environ["OPENAI_BASE_URL"]
    platform = connect(f"http://{api}")
    upstream = connect(base)
    while True:
        platform.connection.sendall(
            b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %b\r\n\r\n" % api.encode()
        )
        head = platform.head()
        event = json.loads(platform.counted(int(head[b"content-length"])))
        asked = {
            "model": "gpt-4o-mini",
            "messages": json.loads(event["body"])["messages"],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        body = json.dumps(asked).encode()
        upstream.connection.sendall(
            b"POST %b/chat/completions HTTP/1.1\r\nHost: model\r\nAuthorization: Bearer %b\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (urlsplit(base).path.encode(), os.environ["OPENAI_API_KEY"].encode(), len(body), body)
        )
        upstream.head()
        platform.connection.sendall(
            b"POST /2018-06-01/runtime/invocation/%b/response HTTP/1.1\r\nHost: %b\r\n"
            b"Content-Type: application/vnd.awslambda.http-integration-response\r\n"
            b"Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n"
            % (head[b"lambda-runtime-aws-request-id"], api.encode())
        )
        prelude = b'{"statusCode":200,"headers":{"Content-Type":"text/plain; charset=utf-8"},"cookies":[]}'
        for piece in (prelude, b"\0" * 8):
            platform.connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        for piece in lines(upstream):
            platform.connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        platform.connection.sendall(b"0\r\n\r\n")
        platform.counted(int(platform.head()[b"content-length"]))


main()
