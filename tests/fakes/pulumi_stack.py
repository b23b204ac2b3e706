"""A stack of the project under Pulumi's real engine, in a copy of the project, with stand-ins for the clouds.

The engine is the `pulumi` command, driven through the Automation API; the program is the project's `__main__.py`,
run as `pulumi up` runs it, with the copy first on its path.
"""

from __future__ import annotations

import contextlib
import runpy
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pulumi import automation

from tests.fakes.cloud.account import AwsProvider
from tests.fakes.cloud.docker import DockerBuildProvider, DockerProvider
from tests.fakes.cloud.provider import Call, attached

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = "lambda-token-streaming"
KEY: Final = "sk-proj-Kept-Out-Of-Every-State-And-Log"
_COPIED: Final = (
    *("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.example.yaml"),
    *("infra", "lambda", "Dockerfile.streaming", ".dockerignore", "requirements", "scripts/image_tree.py"),
)
_IGNORED: Final = shutil.ignore_patterns("__pycache__", "*.pyc")


def engine() -> Path | None:
    """The engine's command, if there is one."""
    done = subprocess.run(
        ["bash", str(ROOT / "scripts" / "pulumi_engine.sh")], capture_output=True, text=True, check=False
    )
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def copy_project(folder: Path) -> Path:
    """The project's program and what goes into the image, for a test to change."""
    for name in _COPIED:
        source, copy = ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=_IGNORED)
        else:
            shutil.copy2(source, copy)
    return folder


@dataclass
class Stack:
    """A stack, its project and its clouds."""

    folder: Path
    project: Path
    aws: AwsProvider
    docker: DockerProvider
    docker_build: DockerBuildProvider
    handle: automation.Stack
    output: list[str] = field(default_factory=list)
    """All that the command has printed."""

    def set(self, **config: Any) -> None:
        """Set keys of the project's; None removes one."""
        for key, value in config.items():
            name = f"{PROJECT}:{key}"
            if value is None:
                self.handle.remove_config(name)
            elif key in ("openaiApiKey", "providerKeys") and isinstance(value, str):
                self.handle.set_config(name, automation.ConfigValue(value, secret=True))
            elif isinstance(value, list):
                with contextlib.suppress(automation.CommandError):
                    self.handle.remove_config(name)
                for place, each in enumerate(value):
                    self.handle.set_config(f"{name}[{place}]", automation.ConfigValue(str(each)), path=True)
            else:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                self.handle.set_config(name, automation.ConfigValue(text))

    def up(self) -> automation.UpResult:
        """`pulumi up --yes`.

        Raises:
            automation.CommandError: it failed; what was printed is in its text.
        """
        with _program_of(self.project):
            return self.handle.up(
                on_output=self.output.append, on_error=self.output.append, suppress_progress=True
            )

    def preview(self) -> automation.PreviewResult:
        """`pulumi preview`; raises as `up`."""
        with _program_of(self.project):
            return self.handle.preview(
                on_output=self.output.append, on_error=self.output.append, suppress_progress=True
            )

    def destroy(self) -> automation.DestroyResult:
        """`pulumi destroy --yes`; raises as `up`."""
        return self.handle.destroy(
            on_output=self.output.append, on_error=self.output.append, suppress_progress=True
        )

    def left_on_disk(self) -> str:
        """All that the command has written: state, its backups and history, the stack's file, logs."""
        names = ("state", "home")
        written = [path for name in names for path in (self.folder / name).rglob("*") if path.is_file()]
        written.append(self.project / f"Pulumi.{self.handle.name}.yaml")
        return "\n".join(path.read_text(errors="replace") for path in written)

    def calls(self) -> list[Call]:
        """All calls of the three providers."""
        return [call for provider in (self.aws, self.docker, self.docker_build) for call in provider.calls]

    @contextlib.contextmanager
    def moved_to(self, project: Path) -> Iterator[None]:
        """The same stack from another checkout; the engine starts its providers there, too."""
        before = self.project, self.handle.workspace.work_dir
        settings = Path(before[1]) / f"Pulumi.{self.handle.name}.yaml"
        shutil.copy(settings, project)
        self._move(project, str(project))
        try:
            yield
        finally:
            self._move(*before)

    def _move(self, project: Path, work_dir: str) -> None:
        self.project = self.docker.root = self.docker_build.root = project
        self.handle.workspace.work_dir = work_dir

    @contextlib.contextmanager
    def changes(self) -> Iterator[list[tuple[str, str, str]]]:
        """Collects what is done to the cloud within: (method, type, name), in no order."""
        providers = (self.aws, self.docker, self.docker_build)
        before = [len(provider.changes()) for provider in providers]
        found: list[tuple[str, str, str]] = []
        yield found
        for provider, count in zip(providers, before, strict=True):
            found += provider.changes()[count:]
        found.sort()


@contextlib.contextmanager
def running_stack(
    folder: Path,
    *,
    name: str = "dev",
    command: Path,
    concurrency: int = 1000,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """A new stack in an empty folder, with the providers running.

    Args:
        folder: Gets the project's copy, the state and a home.
        name: The stack's name; where the project has a file for it, that is its configuration.
        command: The engine's command.
        concurrency: The account's limit of concurrent executions.
        environment: Further variables of the command.
    """
    project = copy_project(folder / "project")
    (folder / "state").mkdir()
    (folder / "home").mkdir()
    with contextlib.ExitStack() as stack:
        aws = stack.enter_context(AwsProvider(concurrency))
        docker = stack.enter_context(DockerProvider(project, aws.registry))
        build = stack.enter_context(DockerBuildProvider(project, aws.registry))
        variables = {
            "HOME": str(folder / "home"),
            "PULUMI_HOME": str(folder / "home" / ".pulumi"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
            "PULUMI_DEBUG_PROVIDERS": attached((aws, docker, build)),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **(environment or {}),
        }
        handle = automation.create_stack(
            name,
            project_name=PROJECT,
            program=_program,
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(project), env_vars=variables, pulumi_command=_command(command, folder)
            ),
        )
        yield Stack(folder, project, aws, docker, build, handle)


@contextlib.contextmanager
def _program_of(project: Path) -> Iterator[None]:
    """Goes to a project's folder, puts it first on the path, as `pulumi up` does, and its modules in place of others.

    They stay loaded while the command runs: the SDK looks types up in them until the last resource is registered.
    """
    foreign = _without_infra()
    sys.path.insert(0, str(project))
    try:
        with contextlib.chdir(project):
            yield
    finally:
        sys.path.remove(str(project))
        _without_infra()
        sys.modules |= foreign


def _without_infra() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == "infra"]
    return {name: sys.modules.pop(name) for name in names}


def _program() -> None:
    _without_infra()  # a preview's, which `up` begins with
    runpy.run_path("__main__.py", run_name="__main__")


def _command(command: Path, folder: Path) -> automation.PulumiCommand:
    # The Automation API looks for bin/pulumi below a folder.
    (folder / "bin").mkdir()
    (folder / "bin" / "pulumi").symlink_to(command)
    return automation.PulumiCommand(str(folder))
