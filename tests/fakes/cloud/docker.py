"""Both Docker providers: what they look at in a build context, what they call a change, and what they push.

Facts: pulumi-docker (provider/provider.go) hashes the context at every `Check`, asks the daemon when it is configured,
and takes a new password for no change; pulumi-docker-build (provider/internal/image.go) hashes it in `Diff` and
likewise. Both run in the project's folder. pulumi-docker cannot push from containerd's image store (its issue 967).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.fakes.cloud.api_model import AwsError
from tests.fakes.cloud.provider import Kind, Provider, Values
from tests.fakes.cloud.registry import INDEX, MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.cloud.registry import Registry


class DockerProvider(Provider):
    """`docker:index/image:Image`.

    Args:
        root: The project's folder, in which the engine starts its providers.
        registry: What it pushes to.
    """

    def __init__(self, root: Path, registry: Registry) -> None:
        self.root, self._registry = root, registry
        kind = Kind(
            self._build,
            lambda _id, _olds: None,
            lambda _id, _olds, news: self._build(news)[1],
            outputs=frozenset({"baseImageName", "repoDigest"}),
            outdated=lambda _olds, _news, changed: frozenset({"repoDigest"}) if changed else frozenset(),
        )
        super().__init__("docker", {"docker:index/image:Image": kind}, {}, "5.2.0")

    def configure(self, _settings: Values) -> None:
        """Raises where no daemon answers, in a preview too."""
        if not _daemon().get("ServerVersion"):
            raise AwsError("docker", "failed to connect to any docker daemon")

    def checked(self, kind: Kind, name: str, olds: Values, news: Values, seed: bytes) -> Values:
        """Adds the context's digest; the Dockerfile must be there."""
        build = news["build"]
        dockerfile = self.root / build["dockerfile"]
        if not dockerfile.is_file():
            raise AwsError("docker", f"could not open dockerfile at relative path {build['dockerfile']}")
        digest = _hash_context(self.root / build["context"], dockerfile)
        return {**news, "build": {**build, "contextDigest": digest}}

    def changed(self, olds: Values, _outputs: Values, news: Values) -> frozenset[str]:
        """All but the registry's user and password."""
        return frozenset(
            name
            for name in super().changed(olds, _outputs, news)
            if name != "registry" or olds[name]["server"] != news[name]["server"]
        )

    def _build(self, inputs: Values) -> tuple[str, Values]:
        build, registry, reference = inputs["build"], inputs["registry"], inputs["imageName"]
        if any("io.containerd.snapshotter" in str(each) for each in _daemon().get("DriverStatus") or ()):
            raise AwsError("docker", "error pushing image: no digest in the containerd image store")
        digest = _digest(self.root / build["context"], [build["platform"], build.get("args", {})])
        self._registry.push(reference, registry["password"], digest, MANIFEST)
        repository = reference.rpartition(":")[0]
        return reference, {"baseImageName": reference, "repoDigest": f"{repository}@{digest}"}


class DockerBuildProvider(Provider):
    """`docker-build:index:Image`.

    Args:
        root: The project's folder, in which the engine starts its providers.
        registry: What it pushes to.
    """

    accepts_secrets = True

    def __init__(self, root: Path, registry: Registry) -> None:
        self.root, self._registry = root, registry
        kind = Kind(
            self._build,
            self._delete,
            lambda _id, _olds, news: self._build(news)[1],
            outputs=frozenset({"contextHash", "digest", "ref"}),
            outdated=lambda _olds, _news, changed: frozenset({"digest", "ref"}) if changed else frozenset(),
            secret=frozenset({"registries"}),
        )
        super().__init__("docker-build", {"docker-build:index:Image": kind}, {}, "0.0.22")

    def changed(self, olds: Values, outputs: Values, news: Values) -> frozenset[str]:
        """All but the registries' passwords; the context is hashed anew."""
        names = set(super().changed(olds, outputs, news))
        old, new = (
            [(each["address"], each["username"]) for each in values.get("registries", ())]
            for values in (olds, news)
        )
        if old == new:
            names.discard("registries")
        if self._context_hash(news) != outputs.get("contextHash"):
            names.add("contextHash")
        return frozenset(names)

    def _context_hash(self, inputs: Values) -> str:
        return _hash_context(
            self.root / inputs["context"]["location"], self.root / inputs["dockerfile"]["location"]
        )

    def _build(self, inputs: Values) -> tuple[str, Values]:
        if not _daemon().get("ServerVersion"):
            raise AwsError("docker-build", "failed to connect to any docker daemon")
        platforms, (tag,), (registry,) = inputs["platforms"], inputs["tags"], inputs["registries"]
        digest = _digest(self.root / inputs["context"]["location"], [platforms, inputs.get("buildArgs", {})])
        if inputs.get("push"):
            self._registry.push(tag, registry["password"], digest, MANIFEST if len(platforms) == 1 else INDEX)
        return digest, {"contextHash": self._context_hash(inputs), "digest": digest, "ref": f"{tag}@{digest}"}

    def _delete(self, _id: str, olds: Values) -> None:
        """Takes the image out of the repository it was pushed to."""
        for tag in olds["tags"]:
            name = tag.partition("/")[2].rpartition(":")[0]
            self._registry.repositories[name].images.pop(olds["digest"], None)


def _daemon() -> dict[str, Any]:
    """What the daemon says of itself, by the command on PATH."""
    try:
        done = subprocess.run(
            ["docker", "info", "--format", "{{json .}}"],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )
        info = json.loads(done.stdout)
    except (FileNotFoundError, ValueError):
        return {}
    return info if done.returncode == 0 else {}


def _hash_context(context: Path, dockerfile: Path) -> str:
    """Every file's name, mode and content, and the Dockerfile once more (hashContext)."""
    digest = hashlib.sha256(dockerfile.read_bytes())
    for path in sorted(context.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(context)} {path.stat().st_mode:o} {content}\0".encode())
    return digest.hexdigest()


def _digest(context: Path, settings: list[Any]) -> str:
    """An image's digest; here the same files and settings give the same image."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in sorted(context.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(context)}\0".encode() + path.read_bytes())
    return f"sha256:{digest.hexdigest()}"
