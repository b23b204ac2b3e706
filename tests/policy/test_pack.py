"""The pack as a process of its own, as Pulumi starts it, asked over its socket as the engine asks."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped] # it has no stubs
import pytest
import yaml
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import proxy

from policy.checks import RESOURCE_CHECKS, STACK_CHECKS
from policy.pack import POLICIES, plain
from policy.seen import UNKNOWN
from tests.fakes.pulumi_program import ROOT, Program
from tests.fakes.stack_configurations import program_with

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANDATORY = analyzer_pb2.MANDATORY
_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


@pytest.fixture(scope="module")
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """A client of the running pack, which tells its port in its first line."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        [sys.executable, "-u", "."], cwd=ROOT / "policy", env=environment, stdout=subprocess.PIPE, text=True
    ) as pack:
        assert pack.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{int(pack.stdout.readline())}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        pack.terminate()


def _struct(properties: Any) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def _analyzed(analyzer: Any, type_: str, properties: Any) -> list[tuple[str, int, str]]:
    request = analyzer_pb2.AnalyzeRequest(
        type=type_, properties=_struct(properties), urn="urn:pulumi:dev::p::t::n", name="n"
    )
    return [
        (each.policyName, each.enforcementLevel, each.message)
        for each in analyzer.Analyze(request).diagnostics
    ]


def _analyzed_stack(analyzer: Any, program: Program) -> list[tuple[str, str]]:
    request = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=each.type,
                properties=_struct(each.outputs),
                urn=each.urn,
                name=each.name,
                parent=each.parent,
            )
            for each in program.resources
        ]
    )
    return [(each.policyName, each.urn) for each in analyzer.AnalyzeStack(request).diagnostics]


def test_it_says_what_it_checks(analyzer: Any) -> None:
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "lambda-token-streaming"
    levels = {"mandatory": _MANDATORY, "advisory": analyzer_pb2.ADVISORY}
    assert {each.name: each.enforcementLevel for each in info.policies} == {
        each.name: levels[each.level] for each in (*RESOURCE_CHECKS, *STACK_CHECKS)
    }
    assert len(info.policies) == len(POLICIES)


def test_the_programs_resources_pass(analyzer: Any) -> None:
    program = program_with("bare")
    for each in program.resources:
        assert _analyzed(analyzer, each.type, each.inputs) == [], each.urn
    assert _analyzed_stack(analyzer, program) == []


def test_a_wrong_resource_is_told_with_what_to_do(analyzer: Any) -> None:
    url = program_with("bare").one("aws:lambda/functionUrl:FunctionUrl")
    wrong = {**url.inputs, "cors": {"allowOrigins": ["https://a.example"], "allowMethods": ["OPTIONS"]}}
    assert _analyzed(analyzer, url.type, wrong) == [
        (
            "cors-methods",
            _MANDATORY,
            (
                "CORS names methods that AWS takes.\nCORS allows the method 'OPTIONS', which AWS refuses: only *, "
                "DELETE, GET, HEAD, PATCH, POST, PUT; AWS answers OPTIONS itself."
            ),
        )
    ]


def test_a_secret_is_looked_into(analyzer: Any) -> None:
    """A value that Pulumi keeps as a secret would stand in plain text in the function all the same."""
    secret = {**_SECRET, "value": "sk-proj-0123456789abcdef"}
    variables = {"environment": {"variables": {"CHAT_SYSTEM_PROMPT": secret}}, "timeout": 60}
    ((name, _, _),) = _analyzed(analyzer, "aws:lambda/function:Function", variables)
    assert name == "plain-variables"


def test_a_stack_without_a_grant_is_told_at_its_url(analyzer: Any) -> None:
    program = copy.copy(program_with("bare"))
    grant = program.all("aws:lambda/permission:Permission")[0]
    program.resources = [each for each in program.resources if each is not grant]
    url = program.one("aws:lambda/functionUrl:FunctionUrl")
    assert _analyzed_stack(analyzer, program) == [("url-grants", url.urn)]


def test_a_value_that_is_not_known_ends_no_check(analyzer: Any) -> None:
    """The SDK would give up the whole check at the first of them; the rest is looked at all the same."""
    function = program_with("bare").one("aws:lambda/function:Function")
    preview = {**function.inputs, "imageUri": proxy.UNKNOWN_STRING_VALUE, "timeout": 3}
    ((name, _, _),) = _analyzed(analyzer, function.type, preview)
    assert name == "function-timeout"


def test_plain_values() -> None:
    seen = proxy.unknown_checking_proxy(
        {"a": [1, proxy.UNKNOWN_NUMBER_VALUE], "b": {"c": proxy.UNKNOWN_OBJECT_VALUE}, "d": None, "e": "text"}
    )
    assert plain(seen) == {"a": [1, UNKNOWN], "b": {"c": UNKNOWN}, "d": None, "e": "text"}


def test_pulumi_finds_the_pack() -> None:
    described = yaml.safe_load((ROOT / "policy" / "PulumiPolicy.yaml").read_text())
    assert described["runtime"]["name"] == "python"
    virtualenv = ROOT / "policy" / described["runtime"]["options"]["virtualenv"]
    assert (
        virtualenv.resolve()
        == ROOT / yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["runtime"]["options"]["virtualenv"]
    )
