"""Runtime clients that others wrote, and this project's own, behind the same front."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
import sys
from typing import Any

import pytest

from emulator.invocation import FunctionError, ResponseStart
from tests.emulator.conftest import HERE, PATIENCE, Control, StartEmulator

_LAMBDA = str(HERE.parents[1] / "lambda")
_AWSLAMBDARIC = pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is built for Linux only"
)
_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


@_AWSLAMBDARIC
async def test_awslambdaric(start_emulator: StartEmulator) -> None:
    """AWS's own client: buffered results, errors with stack traces, and an import that fails."""
    async with start_emulator(
        command=(sys.executable, "-m", "awslambdaric", "handlers.buffered")
    ) as emulator:
        response = await emulator.client.post(f"{emulator.url}/a", content=b"x", headers={"cookie": "k=v"})
        assert (response.status_code, response.headers["x-a"]) == (201, "b")
        event = json.loads(response.text)
        assert (event["rawPath"], event["isBase64Encoded"], event["cookies"]) == ("/a", True, ["k=v"])
        failed = await emulator.invoke({"raise": "no"})
        assert failed.json()["errorType"] == "ValueError"
        assert failed.json()["stackTrace"]
        assert not emulator.lines.having("Lambda-Runtime-Invocation-Id")
    async with start_emulator(command=(sys.executable, "-m", "awslambdaric", "missing.handler")) as emulator:
        failed = await emulator.invoke({})
        assert failed.json()["errorType"] == "Runtime.ImportModuleError"
        await emulator.lines.wait_for("REPORT RequestId")
        phases = [line.split("\t")[1] for line in emulator.lines.having("INIT_REPORT")]
        assert phases == ["Phase: init", "Phase: invoke"]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("-m", "awslambdaric", "handlers.waiting"), marks=_AWSLAMBDARIC, id="awslambdaric"),
        pytest.param(("-m", "lambda_runtime", "handlers.waiting"), id="lambda_runtime"),
    ],
)
async def test_three_at_once(
    start_emulator: StartEmulator, control: Control, command: tuple[str, ...]
) -> None:
    """Each in a process of its own, which a second round uses again; one that crashes takes no other with it."""
    variables = {"PYTHONPATH": _LAMBDA}
    async with start_emulator(command=(sys.executable, *command), variables=variables) as emulator:
        rounds: list[list[dict[str, Any]]] = []
        asked: list[list[dict[str, int]]] = [[{}, {}, {}], [{}, {"exit": 5}, {}]]
        for events in asked:
            running = [asyncio.create_task(emulator.invoke(event)) for event in events]
            for line in [await control.arrival() for _ in events]:
                await line.release()
            rounds.append([(await answer).json() for answer in running])
            await emulator.lines.wait_for("REPORT RequestId", 3 * len(rounds))
        pids = {answer["pid"] for answer in rounds[0]}
        assert len(pids) == 3
        assert [answer.get("pid") in pids for answer in rounds[1]] == [True, False, True]
        assert rounds[1][1]["errorType"] == "Runtime.ExitError"
        assert rounds[1][1]["errorMessage"].endswith("exit status 5")


@_NODE
async def test_node(start_emulator: StartEmulator, control: Control) -> None:
    """Node's HTTP: a chunk is there before the next is written, and trailers added at the end are the error."""
    async with start_emulator(command=("node", "node_runtime.mjs")) as emulator:
        waiting = emulator.function.invoke(b'{"do": "wait"}')
        async with asyncio.timeout(PATIENCE):
            events = waiting.events()
            assert await anext(events) == ResponseStart(streaming=True, content_type="text/x-node")
            assert await anext(events) == b"first "
            await (await control.arrival()).release()
            assert await anext(events) == b"second"
            await waiting.finished()
            failing = emulator.function.invoke(b'{"do": "fail"}')
            received = [event async for event in failing.events()]
        error = b'{"errorType":"Error","errorMessage":"too late","trace":[]}'
        assert received[-1] == FunctionError("Function.Error", error)
        assert b"".join(event for event in received if isinstance(event, bytes)) == b"first second"


async def test_lambda_runtime(start_emulator: StartEmulator, control: Control) -> None:
    """This project's client: the first chunk is read while the handler still waits for the test."""
    command = (sys.executable, "-m", "lambda_runtime", "handlers.streaming")
    async with start_emulator(command=command, variables={"PYTHONPATH": _LAMBDA}) as emulator:
        async with emulator.client.stream("GET", f"{emulator.url}/") as response:
            chunks = response.aiter_text()
            assert (response.status_code, response.headers["x-a"]) == (202, "b")
            assert await anext(chunks) == "first "
            await (await control.arrival()).release()
            assert "".join([chunk async for chunk in chunks]) == "second"
        failed = await emulator.invoke({"raise": "no"})
        assert failed.json()["errorType"] == "ValueError"
        assert not emulator.lines.having("Lambda-Runtime-Invocation-Id")
