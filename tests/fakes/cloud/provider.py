"""A resource provider as Pulumi's engine talks to it, over gRPC, for clouds that are not there.

It does what the real ones do between the engine and the cloud, after pulumi-terraform-bridge (pkg/tfbridge/provider.go)
and the protocol's own description (provider.proto): names for what is not named, comparison of old and new inputs,
outputs that are unknown in a preview. What a resource is, its `Kind` says.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from concurrent import futures
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Self

import grpc  # type: ignore[import-untyped] # it has no stubs
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.fakes.cloud import wire
from tests.fakes.cloud.api_model import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping


Values = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call that the engine made, in the order of their beginnings."""

    method: str
    type: str
    name: str
    preview: bool = False
    inputs: Values = field(default_factory=dict)


@dataclass(frozen=True)
class AutoName:
    """How a resource is called that the program gives no name: `NAME-1234567`.

    Seven hexadecimal digits that stay while the resource does (bridge: `AutoName(name, maxlength, "-")`).
    """

    property: str = "name"
    longest: int = 255

    def make(self, name: str, seed: bytes) -> str:
        if len(name) + 8 > self.longest:
            # sdk/go/common/resource/resource_id.go, NewUniqueName
            raise AwsError(
                "Check", f"name '{name}-' plus 7 random chars is longer than maximum length {self.longest}"
            )
        return f"{name}-{hashlib.sha256(seed).hexdigest()[:7]}"


def _keep(_id: str, _olds: Values, _news: Values) -> Values:
    return {}


def _nothing(_olds: Values, _news: Values, _changed: frozenset[str]) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True)
class Kind:
    """A type of resource.

    `create` takes inputs and gives the id and what the cloud adds to them; `update` takes id, old outputs and new
    inputs and gives what the cloud then has otherwise; `delete` takes id and old outputs. `replaces` are the inputs
    that cannot be changed; `outputs` what is unknown before creation; `outdated` which of them an update makes
    unknown; `secret` the outputs that are secret.
    """

    create: Callable[[Values], tuple[str, Values]]
    delete: Callable[[str, Values], None]
    update: Callable[[str, Values, Values], Values] = _keep
    outputs: frozenset[str] = frozenset()
    replaces: frozenset[str] = frozenset()
    outdated: Callable[[Values, Values, frozenset[str]], frozenset[str]] = _nothing
    secret: frozenset[str] = frozenset()
    name: AutoName | None = None


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """A provider on a port of its own; used as a context manager.

    Args:
        name: As in `PULUMI_DEBUG_PROVIDERS`.
        kinds: Its resources by type.
        functions: Its functions by token.
        version: What it says of itself.
    """

    accepts_secrets = False

    def __init__(
        self,
        name: str,
        kinds: Mapping[str, Kind],
        functions: Mapping[str, Callable[[Values], Values]],
        version: str,
    ) -> None:
        self.name = name
        self.calls: list[Call] = []
        self.resources: dict[tuple[str, str], Values] = {}
        """What there is in the cloud: inputs and outputs, by type and id."""
        self._kinds = kinds
        self._functions = functions
        self._version = version
        self._lock = threading.RLock()
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.stop(grace=None).wait()

    def changes(self) -> list[tuple[str, str, str]]:
        """What was done, not only looked at: (method, type, name)."""
        return [
            (call.method, call.type, call.name)
            for call in self.calls
            if call.method in ("Create", "Update", "Delete") and not call.preview
        ]

    def configure(self, _settings: Values) -> None:
        """Take the provider's own configuration."""

    # What the engine calls. The names are the protocol's.

    def Handshake(  # noqa: N802
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        # Those that do not take secrets as such have none: with it they would have to (provider.proto, Configure).
        _abort(context, grpc.StatusCode.UNIMPLEMENTED, "no handshake")

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self._version)

    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        same = wire.read(request.old_inputs) == wire.read(request.news)
        changes = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=changes)

    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        with _refusals(context, "configuring the provider"):
            self.configure(wire.read(request.args))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self.accepts_secrets, supportsPreview=True, acceptResources=False
        )

    def Invoke(  # noqa: N802
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        function = self._functions.get(request.tok)
        if function is None:
            _abort(context, grpc.StatusCode.UNIMPLEMENTED, f"{request.tok} does not exist")
        with self._lock, _refusals(context, f"invoking {request.tok}"):
            self.calls.append(Call("Invoke", request.tok, "", request.preview, wire.read(request.args)))
            return provider_pb2.InvokeResponse(**{"return": wire.write(function(wire.read(request.args)))})

    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        type_, name = _type_and_name(request.urn)
        kind = self._kind(type_, context)
        try:
            inputs = self.checked(
                kind, name, wire.read(request.olds), wire.read(request.news), request.randomSeed
            )
        except AwsError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return provider_pb2.CheckResponse(inputs=wire.write(inputs, kind.secret))

    def checked(self, kind: Kind, name: str, olds: Values, news: Values, seed: bytes) -> Values:
        """Inputs with what the provider adds; `__defaults` names what it has added, as the bridge keeps it."""
        named = kind.name
        if named is None or named.property in news:
            return {**news, "__defaults": []}
        kept = olds.get(named.property) if named.property in olds.get("__defaults", ()) else None
        return {**news, named.property: kept or named.make(name, seed), "__defaults": [named.property]}

    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        type_, _ = _type_and_name(request.urn)
        kind = self._kind(type_, context)
        olds, news = wire.read(request.old_inputs), wire.read(request.news)
        changed = self.changed(olds, wire.read(request.olds), news)
        replaces = changed & kind.replaces
        kinds = provider_pb2.PropertyDiff
        named = kind.name
        given = (
            named is not None and named.property not in news.get("__defaults", ()) and named.property in news
        )
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=sorted(replaces),
            diffs=sorted(changed),
            detailedDiff={
                name: kinds(kind=kinds.UPDATE_REPLACE if name in replaces else kinds.UPDATE)
                for name in changed
            },
            hasDetailedDiff=True,
            # bridge: nameRequiresDeleteBeforeReplace; two of one name cannot be there at once
            deleteBeforeReplace=bool(replaces)
            and given
            and named is not None
            and named.property not in changed,
        )

    def changed(self, olds: Values, _outputs: Values, news: Values) -> frozenset[str]:
        """The inputs that differ."""
        names = (olds.keys() | news.keys()) - {"__defaults"}
        return frozenset(name for name in names if olds.get(name) != news.get(name))

    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        type_, name = _type_and_name(request.urn)
        kind, inputs = self._kind(type_, context), wire.read(request.properties)
        with self._lock:
            self.calls.append(Call("Create", type_, name, request.preview, inputs))
            if request.preview:
                return provider_pb2.CreateResponse(
                    properties=wire.write(
                        _shown(inputs) | dict.fromkeys(kind.outputs, wire.UNKNOWN), kind.secret
                    )
                )
            with _refusals(context, f"creating {type_} ({name})"):
                id_, added = kind.create(inputs)
            missing = kind.outputs - added.keys()
            assert not missing, f"{type_} was to give {sorted(missing)}"
            outputs = _shown(inputs) | added
            self.resources[type_, id_] = outputs
        return provider_pb2.CreateResponse(id=id_, properties=wire.write(outputs, kind.secret))

    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        type_, _ = _type_and_name(request.urn)
        kind = self._kind(type_, context)
        with self._lock:
            outputs = self.resources.get((type_, request.id))
        if outputs is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id, properties=wire.write(outputs, kind.secret), inputs=request.inputs
        )

    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        type_, name = _type_and_name(request.urn)
        kind = self._kind(type_, context)
        olds, news = wire.read(request.olds), wire.read(request.news)
        with self._lock:
            self.calls.append(Call("Update", type_, name, request.preview, news))
            if request.preview:
                changed = self.changed(wire.read(request.old_inputs), olds, news)
                unknown = dict.fromkeys(kind.outdated(olds, news, changed), wire.UNKNOWN)
                outputs = {key: olds[key] for key in kind.outputs if key in olds} | _shown(news) | unknown
                return provider_pb2.UpdateResponse(properties=wire.write(outputs, kind.secret))
            with _refusals(context, f"updating {type_} ({name})"):
                added = kind.update(request.id, olds, news)
            outputs = {key: olds[key] for key in kind.outputs} | _shown(news) | added
            self.resources[type_, request.id] = outputs
        return provider_pb2.UpdateResponse(properties=wire.write(outputs, kind.secret))

    def Delete(  # noqa: N802
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        type_, name = _type_and_name(request.urn)
        kind = self._kind(type_, context)
        with self._lock, _refusals(context, f"deleting {type_} ({name})"):
            self.calls.append(Call("Delete", type_, name))
            kind.delete(request.id, wire.read(request.properties))
            self.resources.pop((type_, request.id), None)
        return empty_pb2.Empty()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def _kind(self, type_: str, context: grpc.ServicerContext) -> Kind:
        if type_ not in self._kinds:
            _abort(context, grpc.StatusCode.UNIMPLEMENTED, f"unrecognized resource type: {type_}")
        return self._kinds[type_]


def attached(providers: Iterable[Provider]) -> str:
    """`PULUMI_DEBUG_PROVIDERS`, with which the engine takes running providers in place of its plugins."""
    return ",".join(f"{provider.name}:{provider.port}" for provider in providers)


def removed_from(store: MutableMapping[str, Any]) -> Callable[[str, Values], None]:
    """A `Kind.delete` that takes the id out of what is kept."""

    def remove(id_: str, _olds: Values) -> None:
        del store[id_]

    return remove


@contextlib.contextmanager
def _refusals(context: grpc.ServicerContext, doing: str) -> Iterator[None]:
    """Tells the engine what the cloud refuses."""
    try:
        yield
    except AwsError as error:
        _abort(context, grpc.StatusCode.UNKNOWN, f"{doing}: {error}")


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, sentence: str) -> NoReturn:
    context.abort(code, sentence)
    raise AssertionError("abort raises")


def _type_and_name(urn: str) -> tuple[str, str]:
    # urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME
    _, _, types, name = urn.split("::", 3)
    return types.rpartition("$")[2], name


def _shown(inputs: Values) -> Values:
    return {name: value for name, value in inputs.items() if name != "__defaults"}
