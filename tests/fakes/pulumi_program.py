"""The whole Pulumi program under the SDK's mocks: what it registers, with which options, and what it exports.

Each run has a thread, an event loop and a context of its own, where the SDK keeps all of its state, so that runs in
one process know nothing of each other. The cloud answers as the real one does as far as the program looks at it:
names with a random end where none is given, ARNs, digests and URLs in their real shapes; in a preview it answers
with the inputs alone, so that all else is unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import runpy
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import engine_pb2, resource_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
PROJECT = "lambda-token-streaming"
ACCOUNT = "123456789012"
KEY = "sk-proj-never-shown"
UNKNOWN = rpc.UNKNOWN
"""What stands in the inputs of a preview for a value that is known only after an update."""
_SECRET_KEYS = ("openaiApiKey", "providerKeys")


@dataclass(frozen=True)
class Resource:
    """A resource as the engine is asked for it.

    `inputs` are in camelCase with all outputs resolved; `secrets` are the dotted paths in them that are secret;
    `parent` and `depends_on` are URNs; `property_dependencies` are those of each input.
    """

    type: str
    name: str
    urn: str
    custom: bool
    parent: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    secrets: frozenset[str]
    depends_on: frozenset[str]
    property_dependencies: dict[str, frozenset[str]]
    ignore_changes: tuple[str, ...]
    additional_secret_outputs: tuple[str, ...]
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    number: int
    """Its place in the order of registration."""


@dataclass(frozen=True)
class Call:
    """A function of a provider that the program called."""

    token: str
    arguments: dict[str, Any]


@dataclass
class Program:
    """What one run of the program came to."""

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: frozenset[str] = frozenset()
    calls: list[Call] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def all(self, type_: str) -> list[Resource]:
        """Those of a type, such as `aws:lambda/function:Function`, by name."""
        return sorted((each for each in self.resources if each.type == type_), key=lambda each: each.name)

    def one(self, type_: str) -> Resource:
        """The only one of a type."""
        (found,) = self.all(type_)
        return found

    def by_urn(self, urn: str) -> Resource:
        (found,) = (each for each in self.resources if each.urn == urn)
        return found

    def policies(self) -> Iterator[tuple[Resource, dict[str, Any]]]:
        """Each policy of a role, with every statement it makes."""
        for policy in self.all("aws:iam/rolePolicy:RolePolicy"):
            for statement in json.loads(policy.inputs["policy"])["Statement"]:
                yield policy, statement


class RefusedError(Exception):
    """The program stopped with a sentence for the person at `pulumi up`."""

    def __init__(self, sentence: str, program: Program) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.program = program


def run_program(
    config: Mapping[str, Any] | None = None,
    *,
    secret: Iterable[str] = _SECRET_KEYS,
    stack: str = "dev",
    preview: bool = False,
    with_defaults: bool = True,
    root: Path = ROOT,
) -> Program:
    """Run `__main__.py` with a stack's configuration.

    Args:
        config: By key, without the project's name; values as they stand in the stack's file. A region and
            `openaiApiKey` are set unless given; None takes a key out.
        secret: Which keys are stored as secrets.
        stack: The stack's name.
        preview: Whether it is a preview.
        with_defaults: Whether Pulumi.yaml's defaults are filled in, as the engine does.
        root: Where Pulumi says that the project is, with the stack's file.

    Raises:
        RefusedError: the program raised RunError.
    """
    given = {"aws:region": "us-east-1", "openaiApiKey": KEY} | dict(config or {})
    if with_defaults:
        schema = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
        given = {key: each["default"] for key, each in schema.items()} | given
    texts = {_full(key): _text(value) for key, value in given.items() if value is not None}
    secrets = [_full(key) for key in secret]
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(Context().run, _run, texts, secrets, stack, preview, root).result()


def refusal(config: Mapping[str, Any] | None = None, **how: Any) -> str:
    """The sentences with which the program refuses a configuration, before it asked for a single resource."""
    try:
        run_program(config, **how)
    except RefusedError as error:
        refused = error
    else:
        raise AssertionError("the program took the configuration")
    assert refused.program.resources == []
    return refused.sentence


def _full(key: str) -> str:
    return key if ":" in key else f"{PROJECT}:{key}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _run(  # passed on by Context.run, so by place
    config: dict[str, str],
    secrets: list[str],
    stack: str,
    preview: bool,  # noqa: FBT001 - by place
    root: Path,
) -> Program:
    monitor = _Monitor(preview=preview)
    pulumi.runtime.configure(
        mocks.MockSettings(  # type: ignore[no-untyped-call] # the SDK's
            monitor=monitor,
            monitor_features=set(),
            engine=_Engine(monitor.program),
            project=PROJECT,
            stack=stack,
            dry_run=preview,
            organization="organization",
            root_directory=str(root),
            callbacks=None,
            # The SDK shares these two among contexts unless they are given.
            outputs=set(),
            lock=threading.Lock(),
        )
    )
    pulumi.runtime.set_all_config(config, secrets)
    try:
        asyncio.run(pulumi.runtime.run_in_stack(_load))
    except pulumi.RunError as error:
        raise RefusedError(str(error), monitor.program) from error
    return monitor.program


def _load() -> None:
    runpy.run_path(str(ROOT / "__main__.py"))


class _Engine(mocks.MockEngine):
    def __init__(self, program: Program) -> None:
        super().__init__(None)
        self._program = program

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - the protocol's name
        if request.severity == engine_pb2.WARNING:
            self._program.warnings.append(request.message)


class _Monitor(mocks.MockMonitor):
    """Records what is asked for, options too, which `Mocks` is not shown. It is called on several threads."""

    def __init__(self, *, preview: bool) -> None:
        super().__init__(None)  # type: ignore[arg-type] # every method that would ask the mocks is overridden
        self.program = Program()
        self._preview = preview
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine makes it: the types of all parents below the stack, then its own."""
        above = parent.split("::")[2] if parent else "pulumi:pulumi:Stack"
        types = type_ if above == "pulumi:pulumi:Stack" else f"{above}${type_}"
        return f"urn:pulumi:{pulumi.get_stack()}::{PROJECT}::{types}::{name}"

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - the protocol's name
        arguments, _ = _plain(request.args)
        with self._lock:
            self.program.calls.append(Call(request.tok, arguments))
        return resource_pb2.ResourceInvokeResponse(**{"return": _struct(_called(request.tok))})

    def RegisterResource(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs, secrets = _plain(request.object)
        made = {} if self._preview or not request.custom else _made(request.type, request.name, inputs)
        with self._lock:
            known = [each.urn for each in self.program.resources]
            assert urn not in known, f"{urn} is registered twice"
            self.program.resources.append(
                Resource(
                    type=request.type,
                    name=request.name,
                    urn=urn,
                    custom=request.custom,
                    parent=request.parent,
                    inputs=inputs,
                    outputs=inputs | made,
                    secrets=frozenset(secrets),
                    depends_on=frozenset(request.dependencies),
                    property_dependencies={
                        key: frozenset(each.urns) for key, each in request.propertyDependencies.items()
                    },
                    ignore_changes=tuple(request.ignoreChanges),
                    additional_secret_outputs=tuple(request.additionalSecretOutputs),
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    delete_before_replace=request.deleteBeforeReplace,
                    number=len(known),
                )
            )
        answer = struct_pb2.Struct()
        answer.CopyFrom(request.object)  # secrets stay secret in what is answered
        answer.update(made)
        id_ = "" if self._preview or not request.custom else str(made.get("id", request.name))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=answer)

    def RegisterResourceOutputs(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            outputs, secrets = _plain(request.outputs)
            self.program.outputs = outputs
            self.program.secret_outputs = frozenset(secrets)
        return empty_pb2.Empty()


def _struct(values: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def _plain(struct: struct_pb2.Struct) -> tuple[dict[str, Any], list[str]]:
    """Values without the protocol's marks, and the dotted paths of those that were marked secret."""
    secrets: list[str] = []

    def walk(value: Any, path: str) -> Any:
        if isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            secrets.append(path)
            return walk(value["value"], path)
        if isinstance(value, dict):
            # A null is as good as nothing to the engine and to the providers.
            return {
                key: walk(each, f"{path}.{key}" if path else key)
                for key, each in value.items()
                if each is not None
            }
        if isinstance(value, list):
            return [walk(each, f"{path}.{place}") for place, each in enumerate(value)]
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return walk(json_format.MessageToDict(struct), ""), secrets


def _digits(text: str, count: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:count]


def _called(token: str) -> dict[str, Any]:
    if token == "aws:ecr/getAuthorizationToken:getAuthorizationToken":
        return {
            "proxyEndpoint": f"https://{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com",
            "userName": "AWS",
            "password": "a-registry-token",
        }
    raise AssertionError(f"{token} has no answer here")


def _made(type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 - one case a type
    """What the cloud adds to a resource's inputs."""
    given = str(inputs.get("name", f"{name}-{_digits(type_ + name, 7)}"))
    arn = f"arn:aws:{{}}:us-east-1:{ACCOUNT}:{{}}"
    match type_:
        case "aws:ecr/repository:Repository":
            return {
                "id": given,
                "name": given,
                "arn": arn.format("ecr", f"repository/{given}"),
                "registryId": ACCOUNT,
                "repositoryUrl": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{given}",
            }
        case "docker:index/image:Image":
            repository = str(inputs["imageName"]).rpartition(":")[0]
            return {"repoDigest": f"{repository}@sha256:{_digits(name, 64)}"}
        case "docker-build:index:Image":
            return {
                "digest": f"sha256:{_digits(name, 64)}",
                "ref": f"{inputs['tags'][0]}@sha256:{_digits(name, 64)}",
            }
        case "aws:cloudwatch/logGroup:LogGroup":
            return {"id": given, "name": given, "arn": arn.format("logs", f"log-group:{given}")}
        case "aws:iam/role:Role":
            return {"id": given, "name": given, "arn": f"arn:aws:iam::{ACCOUNT}:role/{given}"}
        case "aws:secretsmanager/secret:Secret":
            secret = arn.format("secretsmanager", f"secret:{given}-AbCdEf")
            return {"id": secret, "arn": secret, "name": given}
        case "aws:secretsmanager/secretVersion:SecretVersion":
            return {"id": f"{inputs['secretId']}|{_digits(name, 32)}", "arn": inputs["secretId"]}
        case "aws:lambda/function:Function":
            function = arn.format("lambda", f"function:{given}")
            version = "1" if inputs.get("publish") else "$LATEST"
            return {
                "id": given,
                "name": given,
                "arn": function,
                "version": version,
                "qualifiedArn": f"{function}:{version}",
            }
        case "aws:lambda/alias:Alias":
            alias = arn.format("lambda", f"function:{inputs['functionName']}:{given}")
            return {"id": alias, "arn": alias, "name": given}
        case "aws:lambda/functionUrl:FunctionUrl":
            address = _digits(name, 32)
            return {"functionUrl": f"https://{address}.lambda-url.us-east-1.on.aws/", "urlId": address}
        case "aws:cloudwatch/metricAlarm:MetricAlarm":
            return {"id": given, "name": given, "arn": arn.format("cloudwatch", f"alarm:{given}")}
        case "aws:cloudwatch/dashboard:Dashboard":
            return {
                "id": inputs["dashboardName"],
                "dashboardArn": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{inputs['dashboardName']}",
            }
        case _:
            return {"id": given}
