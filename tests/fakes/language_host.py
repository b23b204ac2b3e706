"""Runs Python programs for Pulumi's engine as its own language host does, which comes with Pulumi's installer alone.

Facts (sdk/python/cmd/pulumi-language-python/main.go and pulumi-language-python-exec): the program is a process of its
own, started in the project's folder; it is run as that folder, so that its modules are found there; configuration
comes in `PULUMI_CONFIG` and `PULUMI_CONFIG_SECRET_KEYS`; a `RunError` is told as its sentence alone, any other
exception with its traceback. The engine attaches to it by `PULUMI_DEBUG_LANGUAGES=python:PORT`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import runpy
import sys
import tempfile
import traceback
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import grpc  # type: ignore[import-untyped] # it has no stubs
import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 32
"""The exit code of a program that has told its error itself."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The host, on a port of its own; used as a context manager.

    Programs are forked from a process that has imported the SDKs already: each begins without modules of the
    project, and does not pay for the import.
    """

    def __init__(self) -> None:
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.fakes.language_host_preload"])
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.stop(grace=None).wait()

    # What the engine calls. The names are the protocol's.

    def Handshake(  # noqa: N802
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo()

    def About(  # noqa: N802
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        return language_pb2.AboutResponse(executable=sys.executable)

    def GetRequiredPackages(  # noqa: N802
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        return language_pb2.GetRequiredPackagesResponse()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def Run(  # noqa: N802
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        run = _Run(
            program=str(Path(request.info.program_directory) / request.info.entry_point),
            folder=request.pwd,
            project=request.project,
            stack=request.stack,
            organization=request.organization,
            root_directory=request.info.root_directory,
            monitor=request.monitor_address,
            engine=self._engine,
            parallel=request.parallel,
            preview=request.dryRun,
            environment={
                **os.environ,
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            },
        )
        with tempfile.NamedTemporaryFile() as said:
            process = self._processes.Process(target=_execute, args=(run, said.name))
            process.start()
            # An engine that stops half-way does not wait for the program, which would wait for it for ever.
            context.add_callback(process.kill)
            process.join()
            code = process.exitcode
            words = Path(said.name).read_text()
        if code == 0:
            return language_pb2.RunResponse()
        if code == _SHOWN:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(
            error=f"Program exited with non-zero exit code: {code}\n{words}".strip()
        )


@dataclass(frozen=True)
class _Run:
    program: str
    folder: str
    project: str
    stack: str
    organization: str
    root_directory: str
    monitor: str
    engine: str
    parallel: int
    preview: bool
    environment: Mapping[str, str]


def _execute(run: _Run, said: str) -> None:
    """The program's process, from its beginning to its exit code."""
    with Path(said).open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.clear()
    os.environ.update(run.environment)
    os.chdir(run.folder)
    # What the interpreter has by itself: nothing of what tests put there.
    sys.path[:] = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix))]
    sys.argv = [run.program]
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    pulumi.runtime.set_all_config(
        pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env()
    )
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=run.monitor,
            engine=run.engine,
            project=run.project,
            stack=run.stack,
            parallel=run.parallel,
            dry_run=run.preview,
            organization=run.organization,
            root_directory=run.root_directory,
        )
    )

    def program() -> None:
        runpy.run_path(run.program, run_name="__main__")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(run.parallel, 1) * 4)
    loop.set_default_executor(executor)
    code = 1
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
        code = 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        pulumi.log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
        code = _SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
