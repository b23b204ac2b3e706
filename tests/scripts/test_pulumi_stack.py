"""`make deploy`, `make destroy`, `make logs`: what they ask the real engine, and their sentence for what is missing."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.commands import path_with, put

ROOT = Path(__file__).parents[2]
USED = ("bash", "dirname", "env", "cat")
# What the engine keeps of a stack that is deployed: the stack's own resource, with its outputs.
DEPLOYED = {
    "version": 3,
    "deployment": {
        "manifest": {"time": "2026-11-01T00:00:00Z", "magic": "", "version": ""},
        "resources": [
            {
                "urn": "urn:pulumi:dev::smoke::pulumi:pulumi:Stack::smoke-dev",
                "custom": False,
                "type": "pulumi:pulumi:Stack",
                "outputs": {
                    "logGroup": "/aws/lambda/chat",
                    "bufferedLogGroup": "/aws/lambda/chat-buffered",
                    "endpoint": "https://abc.example/",
                },
            }
        ],
    },
}


@pytest.fixture(scope="session")
def engine() -> str:
    """The Pulumi engine; skips, in the script's words, where there is none."""
    found = subprocess.run(
        ["/bin/bash", str(ROOT / "scripts" / "pulumi_engine.sh")], capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip(found.stderr.strip())
    return found.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of its own, whose state lies beside it."""
    folder = tmp_path / "tree"
    (folder / "scripts").mkdir(parents=True)
    for name in ("pulumi_stack.sh", "messages.sh"):
        shutil.copy(ROOT / "scripts" / name, folder / "scripts")
    (folder / "Pulumi.yaml").write_text("name: smoke\nruntime: python\n")
    (tmp_path / "state").mkdir()
    return folder


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A PATH with what the script uses, and neither pulumi nor aws."""
    return path_with(tmp_path / "bin", USED)


class Project:
    """Runs the script and the real engine in the tree."""

    def __init__(self, tree: Path, commands: Path) -> None:
        self.tree = tree
        self.commands = commands
        self.variables = {
            "PATH": str(commands),
            "HOME": str(tree.parent),
            "PULUMI_HOME": str(tree.parent / "home"),
            "PULUMI_BACKEND_URL": f"file://{tree.parent / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "any",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def run(self, action: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self._run("/bin/bash", "scripts/pulumi_stack.sh", action, **variables)

    def pulumi(self, *arguments: str, text: str = "") -> None:
        done = self._run(str(self.commands / "pulumi"), *arguments, "--non-interactive", text=text)
        assert done.returncode == 0, done.stderr

    def _run(self, *command: str, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.tree,
            env=self.variables | variables,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def bare(tree: Path, commands: Path) -> Project:
    """Without a pulumi command."""
    return Project(tree, commands)


@pytest.fixture
def project(bare: Project, engine: str) -> Project:
    """With the real engine, and no stack."""
    (bare.commands / "pulumi").symlink_to(engine)
    return bare


@pytest.fixture
def deployed(project: Project) -> Project:
    """With a stack dev that has outputs."""
    project.pulumi("stack", "init", "dev")
    project.pulumi("stack", "import", text=json.dumps(DEPLOYED))
    return project


ACTIONS = ("deploy", "destroy", "logs")


@pytest.mark.parametrize("action", ACTIONS)
def test_pulumi_is_missing(bare: Project, action: str) -> None:
    done = bare.run(action)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("  FAIL  Pulumi is missing. Install it: https://")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_there_is_no_such_stack(project: Project, action: str) -> None:
    done = project.run(action, STACK="staging")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "  FAIL  There is no stack staging. Make it (pulumi stack init staging), or name another: "
        f"make {action} STACK=…\n"
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_pulumi_is_not_logged_in(project: Project, action: str) -> None:
    done = project.run(action, PULUMI_BACKEND_URL="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "  FAIL  Pulumi is not logged in to where it keeps its state. Log in: pulumi login"
    )


def test_what_else_is_wrong_is_said_in_pulumis_words(project: Project) -> None:
    done = project.run("deploy", PULUMI_BACKEND_URL="file:///no/such/folder")
    assert done.returncode == 1
    assert "  FAIL  Pulumi cannot open the stack dev. Its own words: error: " in done.stderr


@pytest.mark.parametrize("action", ["deploy", "destroy"])
def test_where_pulumi_cannot_ask_it_is_told_before(deployed: Project, action: str) -> None:
    done = deployed.run(action)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"To go on without the question: make {action} STACK=dev YES=1" in done.stderr


def test_a_stack_is_destroyed_without_a_question(deployed: Project) -> None:
    done = deployed.run("destroy", YES="1")
    assert done.returncode == 0, done.stderr
    assert "Destroying" in done.stdout
    again = deployed.run("logs")
    assert (
        "The stack dev has no output logGroup: no such function is deployed yet. Deploy it: make deploy STACK=dev"
        in again.stderr
    )


def test_a_deployment_says_how_to_see_it(deployed: Project) -> None:
    """The engine that the tests build has no language host, so that `up` is answered in pulumi's place."""
    real = (deployed.commands / "pulumi").readlink()
    (deployed.commands / "pulumi").unlink()
    put(deployed.commands, "pulumi", f'[[ $1 == up ]] && {{ echo "asked: $*"; exit; }}; exec "{real}" "$@"')
    done = deployed.run("deploy", YES="1")
    assert (done.returncode, done.stdout) == (0, "asked: up --stack dev --yes\n")
    assert done.stderr == "See it stream: make smoke ENDPOINT=https://abc.example/\n"
    deployed.pulumi("config", "set", "authorization", "AWS_IAM")
    assert deployed.run("deploy", YES="1").stderr.endswith("ENDPOINT=https://abc.example/ AUTH=AWS_IAM\n")


def test_on_a_terminal_pulumi_asks(deployed: Project) -> None:
    """What is typed reaches pulumi, and it is not told to go on without asking."""
    real = (deployed.commands / "pulumi").readlink()
    (deployed.commands / "pulumi").unlink()
    up = 'read -r typed; echo "asked: $*, typed: $typed" >"$HOME/heard"; exit'
    put(deployed.commands, "pulumi", f'[[ $1 == up ]] && {{ {up}; }}; exec "{real}" "$@"')
    ours, theirs = pty.openpty()
    os.write(ours, b"yes\n")
    done = subprocess.run(
        ["/bin/bash", "scripts/pulumi_stack.sh", "deploy"],
        cwd=deployed.tree,
        env=deployed.variables,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert (deployed.tree.parent / "heard").read_text() == "asked: up --stack dev, typed: yes\n"


def test_a_deployment_that_fails_fails(deployed: Project) -> None:
    real = (deployed.commands / "pulumi").readlink()
    (deployed.commands / "pulumi").unlink()
    put(deployed.commands, "pulumi", f'[[ $1 == up ]] && exit 255; exec "{real}" "$@"')
    done = deployed.run("deploy", YES="1")
    assert (done.returncode, done.stderr) == (255, "")


def test_the_aws_cli_is_missing(deployed: Project) -> None:
    done = deployed.run("logs")
    assert done.returncode == 1
    assert "  FAIL  The AWS CLI, which follows logs, is missing. Install version 2: https://" in done.stderr
    assert "log group /aws/lambda/chat" in done.stderr
    assert "pulumi logs --follow --stack dev" in done.stderr


def test_the_aws_cli_is_too_old(deployed: Project) -> None:
    put(deployed.commands, "aws", "echo aws-cli/1.45.11 Python/3.11.7")
    done = deployed.run("logs")
    assert done.returncode == 1
    assert "The AWS CLI on PATH is version 1, which cannot follow logs." in done.stderr


AWS = '[[ $1 == --version ]] && { echo aws-cli/2.31.0 Python/3.13; exit; }; echo "$@"'


def test_logs_are_followed(deployed: Project) -> None:
    put(deployed.commands, "aws", AWS)
    done = deployed.run("logs")
    assert (done.returncode, done.stdout) == (0, "logs tail /aws/lambda/chat --follow --since 10m\n")


def test_logs_are_followed_where_the_stack_is(deployed: Project) -> None:
    """Its region and profile may be others than the AWS CLI's own."""
    put(deployed.commands, "aws", AWS)
    deployed.pulumi("config", "set", "aws:region", "eu-north-1")
    deployed.pulumi("config", "set", "aws:profile", "chat")
    done = deployed.run("logs", SINCE="2h")
    assert done.stdout == (
        "logs tail /aws/lambda/chat --follow --since 2h --region eu-north-1 --profile chat\n"
    )


def test_logs_of_the_buffered_function(deployed: Project) -> None:
    put(deployed.commands, "aws", AWS)
    done = deployed.run("logs", HANDLER="chat.app.handler")
    assert done.stdout == "logs tail /aws/lambda/chat-buffered --follow --since 10m\n"


def test_the_usage(bare: Project) -> None:
    done = bare.run("up")
    assert (done.returncode, done.stderr) == (1, "  FAIL  usage: pulumi_stack.sh deploy|destroy|logs\n")
