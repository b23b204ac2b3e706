"""Log lines and telemetry frames, as Lambda's log front reads them."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambda_runtime.logs import LambdaLogHandler, set_up_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes.runtime_api import FakeRuntimeApi
    from tests.fakes.runtime_process import Starter


TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


async def test_text_lines(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"log": "ü"})
    process = await start("functions.buffered", TZ="Asia/Tokyo")
    await invocation.result()
    lines = (await process.stop()).splitlines()
    assert lines[0] == "raw ü"
    assert re.fullmatch(rf"\[WARNING\]\t{TIME}\.\d{{3}}Z\t{invocation.request_id}\twarned ü", lines[1])
    assert lines[2] == "printed ü"


async def test_json_lines(api: FakeRuntimeApi, start: Starter) -> None:
    tenant = {"Lambda-Runtime-Aws-Tenant-Id": "tenant-1"}
    invocation = api.invoke({"log": "ü"}, headers=tenant)
    process = await start("functions.buffered", AWS_LAMBDA_LOG_FORMAT="JSON")
    await invocation.result()
    line = json.loads((await process.stop()).splitlines()[1])
    assert re.fullmatch(f"{TIME}Z", line.pop("timestamp"))
    assert line == {
        "level": "WARN",
        "message": "warned ü",
        "logger": "functions",
        "requestId": invocation.request_id,
        "tenantId": "tenant-1",
        "answer": 42,
    }


async def test_exceptions_in_json(api: FakeRuntimeApi, start: Starter) -> None:
    logged, raised = api.invoke({"log_exception": "k"}), api.invoke({"raise": "m"})
    process = await start("functions.buffered", AWS_LAMBDA_LOG_FORMAT="JSON")
    await raised.result()
    first, second = map(json.loads, (await process.stop()).splitlines())
    assert (first["errorType"], first["errorMessage"], first["level"]) == ("KeyError", "'k'", "ERROR")
    assert "functions.py" in first["stackTrace"][0]
    assert first["location"].split(":")[1] == "buffered"
    assert first["requestId"] == logged.request_id
    assert (second["errorType"], second["errorMessage"], second["requestId"]) == (
        "ValueError",
        "m",
        raised.request_id,
    )


@pytest.mark.parametrize(
    ("level", "shown"), [("TRACE", True), ("warn", True), ("ERROR", False), ("nonsense", True)]
)
async def test_the_level_comes_from_the_environment(
    api: FakeRuntimeApi, start: Starter, level: str, *, shown: bool
) -> None:
    invocation = api.invoke({"log": "x"})
    process = await start("functions.buffered", AWS_LAMBDA_LOG_LEVEL=level)
    await invocation.result()
    assert ("warned x" in await process.stop()) is shown


def frames(data: bytes) -> Iterator[tuple[int, int, str]]:
    """(type, time in µs, text) of each frame."""
    while data:
        kind, length, time = (int.from_bytes(data[a:b]) for a, b in ((0, 4), (4, 8), (8, 16)))
        yield kind, time, data[16 : 16 + length].decode()
        data = data[16 + length :]


@pytest.mark.parametrize(
    ("log_format", "kinds"),
    [
        # Debug, info, warning, error and critical, then a raw line, an invocation's error, and an object.
        (
            "Text",
            [0xA55A000B, 0xA55A000F, 0xA55A0013, 0xA55A0017, 0xA55A001B, 0xA55A0003, 0xA55A0017, 0xA55A000F],
        ),
        (
            "JSON",
            [0xA55A000A, 0xA55A000E, 0xA55A0012, 0xA55A0016, 0xA55A001A, 0xA55A0002, 0xA55A0016, 0xA55A000E],
        ),
    ],
)
def test_frames_carry_the_format_and_the_level(log_format: str, kinds: list[int]) -> None:
    """A record of several lines is one frame, and stays one event."""
    program = """if True:
        import logging, os
        from lambda_runtime.errors import ErrorReport
        from lambda_runtime.logs import set_up_logging
        handler = set_up_logging(os.environ)
        for level in (10, 20, 30, 40, 50):
            logging.getLogger("x").log(level, "line one\\nline two")
        handler.write_raw("raw")
        handler.write_error(ErrorReport("ValueError", "m", ["  File x\\n    y\\n"], []))
        handler.write_json({"a": "line one\\nline two"})
    """
    read, write = os.pipe()
    environ = {
        "PYTHONPATH": str(Path(__file__).parents[2] / "lambda"),
        "_LAMBDA_TELEMETRY_LOG_FD": str(write),
        "AWS_LAMBDA_LOG_FORMAT": log_format,
        "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE")},
    }
    subprocess.run([sys.executable, "-c", program], pass_fds=[write], env=environ, check=True)
    os.close(write)
    with open(read, "rb") as pipe:  # noqa: PTH123 - a descriptor, not a path
        found = list(frames(pipe.read()))
    assert [kind for kind, _, _ in found] == kinds
    assert all(time > 1_700_000_000_000_000 for _, time, _ in found)
    assert all("line two" in text for _, _, text in found[:5])
    assert found[5][2] == "raw"
    assert "\r" not in found[6][2]
    assert json.loads(found[7][2])["a"] == "line one\nline two"


@pytest.mark.parametrize(
    ("level", "told"),
    [
        *(("", "INFO"), ("TRACE", "INFO"), ("DEBUG", "INFO"), ("INFO", "INFO"), ("nonsense", "INFO")),
        *(("WARN", "WARN"), ("ERROR", "ERROR"), ("FATAL", "FATAL")),
    ],
)
@pytest.mark.parametrize("log_format", ["JSON", "Text"])
async def test_an_object_is_a_line_that_lambdas_filter_lets_pass(
    api: FakeRuntimeApi, start: Starter, log_format: str, level: str, told: str
) -> None:
    """Lambda drops what is below the function's level, and takes a line without a level of its own for INFO."""
    fields = {"n": 1, "text": "ü\n\ud800", "requestId": "mine", "level": "DEBUG", "timestamp": "never"}
    invocation = api.invoke({"log_json": fields})
    process = await start("functions.buffered", AWS_LAMBDA_LOG_FORMAT=log_format, AWS_LAMBDA_LOG_LEVEL=level)
    await invocation.result()
    written = [text for text in (await process.stop()).splitlines() if '"n": 1' in text]
    (line,) = map(json.loads, written)  # at DEBUG, asyncio writes lines too
    assert re.fullmatch(f"{TIME}Z", line.pop("timestamp"))
    assert line == {"level": told, "requestId": invocation.request_id, "n": 1, "text": "ü\n\ud800"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_object_that_is_no_json_is_refused(value: float, capsys: pytest.CaptureFixture[str]) -> None:
    handler = LambdaLogHandler(as_json=True, telemetry_fd=None)
    with pytest.raises(ValueError, match="JSON"):
        handler.write_json({"value": value})
    assert capsys.readouterr().out == ""


@pytest.fixture
def json_handler(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], Any]]:
    handler = set_up_logging({"AWS_LAMBDA_LOG_FORMAT": "json"})
    yield lambda: json.loads(capsys.readouterr().out)
    logging.getLogger().removeHandler(handler)


def test_objects_as_messages_and_values_that_are_not_json(json_handler: Callable[[], Any]) -> None:
    logging.getLogger("x").error({"a": {1, 2}}, extra={"path": Path("/p")})
    line = json_handler()
    assert (line["message"], line["path"]) == ({"a": "{1, 2}"}, "/p")


def test_extra_cannot_replace_what_the_platform_reads(json_handler: Callable[[], Any]) -> None:
    logging.getLogger("x").error("m", extra={"level": "DEBUG", "timestamp": "never"})
    line = json_handler()
    assert (line["level"], line["timestamp"] != "never") == ("ERROR", True)


def test_a_record_that_cannot_be_formatted_does_not_stop_the_function(
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler = LambdaLogHandler(as_json=False, telemetry_fd=None)
    handler.handle(logging.LogRecord("x", logging.ERROR, "p", 1, "%d", ("not a number",), None))
    assert "not a number" in capsys.readouterr().err
