"""Writes README's table of what `pulumi up` makes, from runs of the real engine with stand-ins for the clouds.

    python -m scripts.resource_table           write it
    python -m scripts.resource_table --check   exit code 1 if README does not say what the program makes

It needs Pulumi's engine (scripts/pulumi_engine.sh), and neither Docker nor an account.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scripts.generated_block import rewritten, with_block
from tests.fakes.docker_command import write_docker
from tests.fakes.pulumi_stack import KEY, PROJECT, ROOT, engine, running_stack

if TYPE_CHECKING:
    from collections.abc import Iterable

README: Final = ROOT / "README.md"
PURPOSES: Final = {
    "aws:lambda/function:Function": "Runs the image: `chat.app.streaming_handler`",
    "aws:lambda/functionUrl:FunctionUrl": "The endpoint, in mode `RESPONSE_STREAM`, with CORS for your pages",
    "aws:lambda/permission:Permission": "Who may call the endpoint; AWS asks for two grants for each caller",
    "aws:lambda/alias:Alias": "Points to the published version that answers",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": "Environments kept started",
    "aws:iam/role:Role": "What the function runs as",
    "aws:iam/rolePolicy:RolePolicy": "What it may do: write its log, read its secret, and if asked send traces",
    "aws:cloudwatch/logGroup:LogGroup": "Its log, with an end to how long it is kept",
    "aws:secretsmanager/secret:Secret": "The key of the model's provider; none where the stack names a secret of yours",
    "aws:secretsmanager/secretVersion:SecretVersion": "The key's text; a rotated key is a new one",
    "aws:ecr/repository:Repository": "The images: immutable tags, scanned on push, encrypted",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "Old images expire",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "Lambda may pull, for this stack's functions alone",
    "docker:index/image:Image": "The image, built here and pushed; none where it is prebuilt",
    "aws:cloudwatch/dashboard:Dashboard": "Time to the first token, tokens, failures, the bill",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "What somebody should know at once",
}
"""What each type is there for, in the table's order. A type that the program makes and that is not here is an error."""


def table(stacks: dict[str, list[dict[str, Any]]]) -> str:
    """The table.

    Args:
        stacks: By stack, the resources of its state: `type`, `urn`, `custom`.

    Raises:
        ValueError: a type without a purpose, or a purpose that no stack has a resource for.
    """
    found = {stack: list(_own(resources)) for stack, resources in stacks.items()}
    types = {type_ for own in found.values() for type_, _ in own}
    if types != PURPOSES.keys():
        raise ValueError(
            f"PURPOSES and the program differ in {sorted(types ^ PURPOSES.keys())}: mend the table."
        )
    lines = [
        f"| resource | name | {' | '.join(stacks)} | what for |",
        f"|---|---|{'---:|' * len(stacks)}---|",
    ]
    for type_, purpose in PURPOSES.items():
        names = {_generic(name, stack) for stack, own in found.items() for each, name in own if each == type_}
        counts = [sum(each == type_ for each, _ in own) for own in found.values()]
        shown = " | ".join(str(count) for count in counts)
        lines.append(
            f"| `{_short(type_)}` | {', '.join(f'`{name}`' for name in sorted(names))} | {shown} | {purpose} |"
        )
    sums = " | ".join(str(len(own)) for own in found.values())
    return "\n".join([*lines, f"| together | | {sums} | |"]) + "\n"


def _own(resources: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Type and name of what is made in a cloud: neither components, nor providers, nor the stack."""
    for resource in resources:
        if resource["custom"] and not resource["type"].startswith("pulumi:"):
            yield resource["type"], resource["urn"].split("::", 3)[3]


def _short(type_: str) -> str:
    """As the command shows it: `aws:lambda:Function`."""
    package, module, name = type_.split(":")
    return f"{package}:{module.partition('/')[0]}:{name}"


def _generic(name: str, stack: str) -> str:
    """A name without what differs from stack to stack."""
    name = name.replace(f"{PROJECT}-{stack}", "NAME")
    name = re.sub(r"^(NAME-\w+-(?:url|function))-.*", r"\1-CALLER", name)
    return re.sub(r"^image-[0-9a-f]{16}$", "image-CONTENT", name)


def _run(command: Path, stack: str, settings: str) -> list[dict[str, Any]]:
    """What the engine says that a stack has."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder), name=stack, command=command, settings=settings) as running,
    ):
        if settings:
            image = running.handle.get_config(f"{PROJECT}:imageUri").value
            assert isinstance(image, str)
            running.aws.registry.add_image(*image.partition("/")[2].split("@"))
        else:
            running.set(openaiApiKey=KEY)
        running.up()
        deployment = running.handle.export_stack().deployment
    assert deployment is not None
    return list(deployment["resources"])


def block(command: Path) -> str:
    """All that stands between README's marks."""
    with tempfile.TemporaryDirectory() as folder:
        # The engine's Docker provider is a stand-in, but the program looks for Docker itself.
        write_docker(Path(folder), "overlay2")
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
        stacks = {
            "dev": _run(command, "dev", ""),
            "prod": _run(command, "prod", "Pulumi.prod.example.yaml"),
        }
    return (
        f"{table(stacks)}\n`NAME` is `{PROJECT}-STACK`. `dev` is `Pulumi.dev.yaml` with the key set, `prod` is\n"
        "`Pulumi.prod.example.yaml`. With `bufferedFunction: true` all that has `streaming` in its name is there a "
        "second\ntime, as `buffered`. `pulumi up` counts the stack itself and its components as well.\n"
    )


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    command = engine()
    if command is None:
        print(
            "README's resource table comes from Pulumi's engine, and there is none: bash scripts/pulumi_engine.sh "
            "--build, or install Pulumi (https://www.pulumi.com/docs/install/).",
            file=sys.stderr,
        )
        return 1
    fresh = with_block(README.read_text(), "resources", block(command))
    if rewritten({README: fresh}, check=bool(arguments)) and arguments:
        print(
            "README.md's resource table is not what the program makes. Run `make docs` and commit it.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
