"""A runtime client on bare sockets whose events say what it shall do: the emulator's tests run it as a process.

`python raw_runtime.py HANDLER`; HANDLER `init-error`, `init-exit` or `init-hang` fails before the first `/next`.
What to do comes as `{"do": …}` or as the path of an HTTP event; any other path is answered with the event itself.
CONTROL is the port of the test, to which the process connects when it shall wait for the test, and by whose end the
test knows that the process is gone.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
HTTP_TYPE = "application/vnd.awslambda.http-integration-response"
MARKS: list[socket.socket] = []
PRELUDE = (
    b'{"statusCode":201,"headers":{"content-type":"text/plain","x-a":"b"},"cookies":["c=1; Path=/","d=2"]}'
)


class Api:
    """The Runtime API on one connection that is kept alive."""

    def __init__(self) -> None:
        self.connection = http.client.HTTPConnection(API)

    def get_next(self) -> tuple[dict[str, str], Any]:
        self.connection.request("GET", "/2018-06-01/runtime/invocation/next")
        answer = self.connection.getresponse()
        event = json.loads(answer.read())
        return {name.lower(): value for name, value in answer.getheaders()}, event

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        self.connection.request("POST", f"/2018-06-01/runtime/{path}", body, headers)
        self.connection.getresponse().read()


class Stream:
    """A streaming response on a connection of its own."""

    def __init__(self, head: dict[str, str], content_type: str) -> None:
        host, port = API.split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(
            (
                f"POST /2018-06-01/runtime/invocation/{head['lambda-runtime-aws-request-id']}/response HTTP/1.1\r\n"
                f"Host: {API}\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n"
                f"Lambda-Runtime-Invocation-Id: {head['lambda-runtime-invocation-id']}\r\n"
                "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
                "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
            ).encode()
        )

    def write(self, chunk: bytes) -> None:
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def burst(self, *chunks: bytes) -> None:
        """All that is left in one write."""
        self.socket.sendall(
            b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        )

    def status(self) -> str:
        """The answer's status; empty if the connection ended before it."""
        with self.socket, contextlib.suppress(ConnectionError):
            return self.socket.recv(65536)[9:12].decode()
        return ""

    def end(self, error: str | None = None) -> None:
        trailers = b""
        if error is not None:
            body = base64.b64encode(json.dumps({"errorType": error, "errorMessage": "late"}).encode())
            trailers = (
                b"Lambda-Runtime-Function-Error-Type: %s\r\nLambda-Runtime-Function-Error-Body: %s\r\n"
                % (error.encode(), body)
            )
        self.socket.sendall(b"0\r\n" + trailers + b"\r\n")
        assert self.socket.recv(65536).startswith(b"HTTP/1.1 202")
        self.socket.close()


def connect(word: bytes = b"here") -> socket.socket:
    """Tell the test that this point is reached."""
    control = socket.create_connection(("127.0.0.1", int(os.environ["CONTROL"])))
    control.sendall(word)
    return control


def mark() -> None:
    """Tell the test which process this is, wait for it, and keep the connection for as long as the process lives."""
    MARKS.append(connect(str(os.getpid()).encode()))
    MARKS[-1].recv(1)


def wait_for_test() -> None:
    with connect() as control:
        control.recv(1)


def handle(api: Api, head: dict[str, str], event: Any) -> None:  # noqa: C901, PLR0912, PLR0915 - a table of what can be asked for
    request_id = head["lambda-runtime-aws-request-id"]
    echo = {"Lambda-Runtime-Invocation-Id": head["lambda-runtime-invocation-id"]}

    def answer(value: Any) -> None:
        api.post(f"invocation/{request_id}/response", json.dumps(value).encode(), echo)

    match event["do"] if "do" in event else event.get("rawPath", event.get("path")).strip("/"):
        case "error":
            body = json.dumps({"errorType": "Function.Odd", "errorMessage": "no"}).encode()
            api.post(
                f"invocation/{request_id}/error",
                body,
                echo | {"Lambda-Runtime-Function-Error-Type": "Function.Odd"},
            )
        case "exit":
            os._exit(3)
        case "hang":
            wait_for_test()
        case "pid":
            answer({"pid": os.getpid(), "environment": dict(os.environ), "next": head})
        case "mark":
            mark()
            print("marked")  # noqa: T201 - a function that logs
            answer({"pid": os.getpid()})
        case "burst":
            stream = Stream(head, HTTP_TYPE)
            stream.write(PRELUDE)
            stream.write(b"\0" * 8)
            stream.burst(b"one ", b"two ", b"three ", b"four ")
            print(f"answered {stream.status()}")  # noqa: T201 - a function that logs
        case "child":
            subprocess.Popen([sys.executable, __file__, "child"])
            answer("started")
        case "raw" | "split" | "gated" | "trailers" | "exit-midstream" | "hang-midstream" | "large" as what:
            stream = Stream(head, "text/x-raw" if what == "raw" else HTTP_TYPE)
            respond(stream, what)
        case "gated-bare" | "trailers-bare" | "exit-midstream-bare" | "large-bare" as what:
            respond(Stream(head, "text/x-raw"), what)
        case "bad-prelude":
            stream = Stream(head, HTTP_TYPE)
            stream.write(b'{"statusCode": "fine"}' + b"\0" * 8)
            stream.end()
        case "no-prelude":
            stream = Stream(head, HTTP_TYPE)
            stream.write(b'{"statusCode": 200}')
            stream.end()
        case "empty":
            stream = Stream(head, HTTP_TYPE)
            stream.write(b"{}" + b"\0" * 8)
            stream.end()
        case "too-large":
            answer("x" * 6 * 1024 * 1024 + "x" * 100)
        case "long-prelude":
            stream = Stream(head, HTTP_TYPE)
            stream.write(b" " * 17 * 1024 + b"{}" + b"\0" * 8)
            stream.end()
        case "headers":
            prelude = {
                "headers": {"X-A": "3", "WWW-Authenticate": "Basic"},
                "multiValueHeaders": {"x-a": ["1", "2"]},
            }
            stream_whole(head, json.dumps(prelude).encode(), b"x")
        case "buffered":
            answer({"statusCode": 200, "body": ""})
        case "own-cors":
            answer({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": ""})
        case "nothing":
            api.post(f"invocation/{request_id}/response", b"", echo)
        case _ if "httpMethod" in event:
            stream_whole(head, b"{}", json.dumps(event).encode())
        case _:
            answer({"statusCode": 200, "body": json.dumps(event)})


def stream_whole(head: dict[str, str], prelude: bytes, body: bytes) -> None:
    stream = Stream(head, HTTP_TYPE)
    stream.write(prelude)
    stream.write(b"\0" * 8)
    stream.write(body)
    stream.end()


def respond(stream: Stream, what: str) -> None:
    head = PRELUDE + b"\0" * 8
    if what == "split":
        for at in range(len(head)):
            stream.write(head[at : at + 1])
    elif what != "raw" and not what.endswith("-bare"):
        stream.write(PRELUDE)
        stream.write(b"\0" * 8)
    what = what.removesuffix("-bare")
    stream.write(b"first ")
    if what == "exit-midstream":
        os._exit(3)
    if what in ("gated", "hang-midstream"):
        wait_for_test()
    if what == "large":
        for _ in range(200):
            stream.write(b"x" * 65536)
        print("written")  # noqa: T201 - a function that logs
    if what == "trailers":
        stream.end("Function.Late")
    else:
        stream.write(b"second")
        stream.end()


def main() -> None:
    match sys.argv[1]:
        case "child":
            connect().recv(1)
            return
        case "init-exit":
            print("leaving at once")  # noqa: T201 - a function that logs
            sys.exit(7)
        case "init-hang":
            connect().recv(1)
    api = Api()
    if sys.argv[1] == "init-error":
        body = json.dumps({"errorType": "Runtime.ImportModuleError", "errorMessage": "No module"}).encode()
        api.post("init/error", body, {"Lambda-Runtime-Function-Error-Type": "Runtime.ImportModuleError"})
        sys.exit(1)
    if sys.argv[1] == "terminable":
        register(api)
    while True:
        handle(api, *api.get_next())


def register(api: Api) -> None:
    """Register as an extension, so that SIGTERM comes before SIGKILL, and tell the test when it does."""
    headers = {"Lambda-Extension-Name": "raw", "Content-Type": "application/json"}
    api.connection.request("POST", "/2020-01-01/extension/register", b'{"events":["INVOKE"]}', headers)
    answer = api.connection.getresponse()
    assert json.loads(answer.read())["handler"] == "terminable"
    identifier = answer.headers["Lambda-Extension-Identifier"]

    def poll() -> None:
        connection = http.client.HTTPConnection(API)
        while True:
            path = "/2020-01-01/extension/event/next"
            connection.request("GET", path, headers={"Lambda-Extension-Identifier": identifier})
            event = json.loads(connection.getresponse().read())
            with connect(event["eventType"].encode()):
                pass

    def terminate(*_: object) -> None:
        connect(b"SIGTERM")
        os._exit(0)

    signal.signal(signal.SIGTERM, terminate)
    threading.Thread(target=poll, daemon=True).start()


if __name__ == "__main__":
    main()
