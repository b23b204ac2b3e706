"""A stack of the project under Pulumi's real engine, in a copy of the project, with stand-ins for the clouds.

The engine is the `pulumi` command, driven through the Automation API on the project's own Pulumi.yaml; the program is
its `__main__.py`, started as `pulumi up` starts it.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from pulumi import automation

from tests.fakes.cloud.account import AwsProvider
from tests.fakes.cloud.docker import DockerBuildProvider, DockerProvider
from tests.fakes.cloud.provider import Call, attached
from tests.fakes.language_host import LanguageHost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


def copy_project(folder: Path, source: Path = ROOT) -> Path:
    """The project's program and what goes into the image, for a test to change."""
    for name in _COPIED:
        original, copy = source / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if original.is_dir():
            shutil.copytree(original, copy, ignore=_IGNORED)
        else:
            shutil.copy(original, copy)
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
        """Set keys of the project's, the two with keys of models in them as secrets; None removes one."""
        for key, value in config.items():
            name = f"{PROJECT}:{key}"
            if key == "openaiApiKey" and value is not None:
                self.handle.set_config(name, automation.ConfigValue(value, secret=True))
            elif key == "providerKeys" and value is not None:
                for variable, each in value.items():
                    secret = automation.ConfigValue(each, secret=True)
                    self.handle.set_config(f"{name}.{variable}", secret, path=True)
            else:
                self.write({name: value})

    def write(self, config: Mapping[str, Any]) -> None:
        """Write keys, with their project's names, into the stack's file as they are; None removes one."""
        path = self.project / f"Pulumi.{self.handle.name}.yaml"
        settings = yaml.safe_load(path.read_text())
        kept = settings.get("config", {}) | config
        settings["config"] = {name: value for name, value in kept.items() if value is not None}
        path.write_text(yaml.safe_dump(settings))

    def up(self) -> automation.UpResult:
        """`pulumi up --yes`.

        Raises:
            automation.CommandError: it failed; what was printed is in its text.
        """
        return self.handle.up(
            on_output=self.output.append, on_error=self.output.append, suppress_progress=True
        )

    def preview(self) -> automation.PreviewResult:
        """`pulumi preview`; raises as `up`."""
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
    settings: str = "",
    concurrency: int = 1000,
) -> Iterator[Stack]:
    """A new stack in an empty folder, with the providers running.

    Args:
        folder: Gets the project's copy, the state and a home.
        name: The stack's name; where the project has a file for it, that is its configuration.
        command: The engine's command.
        settings: The file that is its configuration otherwise, such as `Pulumi.prod.example.yaml`.
        concurrency: The account's limit of concurrent executions.
    """
    project = copy_project(folder / "project")
    if settings:
        shutil.copy(project / settings, project / f"Pulumi.{name}.yaml")
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
            "PULUMI_DEBUG_LANGUAGES": f"python:{stack.enter_context(LanguageHost()).port}",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        handle = automation.create_stack(
            name,
            work_dir=str(project),
            opts=automation.LocalWorkspaceOptions(
                env_vars=variables, pulumi_command=_command(command, folder)
            ),
        )
        yield Stack(folder, project, aws, docker, build, handle)


def _command(command: Path, folder: Path) -> automation.PulumiCommand:
    # The Automation API looks for bin/pulumi below a folder.
    (folder / "bin").mkdir()
    (folder / "bin" / "pulumi").symlink_to(command)
    return automation.PulumiCommand(str(folder))
