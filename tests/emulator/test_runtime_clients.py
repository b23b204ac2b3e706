"""Runtime clients that others wrote, and this project's own, behind the same front."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from tests.emulator.conftest import HERE, Control, StartEmulator

_LAMBDA = str(HERE.parents[1] / "lambda")


@pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is built for Linux only"
)
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
