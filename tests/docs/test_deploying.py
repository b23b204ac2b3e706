"""docs/deploying.md says what is so: its commands, keys, sentences and examples are tried on the real thing."""

from __future__ import annotations

import fnmatch
import http.server
import json
import os
import re
import subprocess
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import botocore.session  # type: ignore[import-untyped]  # botocore has no types
import pytest
import yaml
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # botocore has no types
from pydantic import Field, TypeAdapter

from chat.failures import FailureKind
from chat.settings import Settings as FunctionSettings
from infra.settings import Settings
from tests.fakes import program_fixtures
from tests.fakes.pulumi_program import ACCOUNT, run_program

if TYPE_CHECKING:
    from collections.abc import Iterator

docker_works = program_fixtures.docker_works

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deploying.md").read_text()
README = (ROOT / "README.md").read_text()
POLICY = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())

_FIELDS = {str(field.alias): field for field in Settings.model_fields.values()}


def _shell_lines(text: str) -> Iterator[str]:
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()


def _config_commands() -> list[str]:
    """Each `pulumi config set` on the pages that can be run as it stands, as one line of shell."""
    found = re.findall(r"`(pulumi config set [^`]*)`", PAGE)
    found += [line.strip() for text in (PAGE, README) for line in _shell_lines(text)]
    commands = {line.partition(" && ")[0].partition(" #")[0].strip() for line in found}
    return sorted(
        line for line in commands if line.startswith("pulumi config set") and not line.endswith("VALUE")
    )


def _check(key: str, value: Any) -> None:
    """Refuse what the stack's settings refuse, given a value as the stack's file has it."""
    field = _FIELDS[key]
    if isinstance(value, str) and field.annotation in (int, bool):
        value = json.loads(value)
    kind: Any = Annotated[field.annotation, Field(), *field.metadata]
    TypeAdapter(kind).validate_python(value, strict=True)
    if key == "environment":
        FunctionSettings.from_environment(value)  # raises what the function would


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with Pulumi.yaml and a stack in it, and the environment in which the pulumi command finds it."""
    engine = subprocess.run(
        ["bash", str(ROOT / "scripts" / "pulumi_engine.sh")], capture_output=True, text=True, check=False
    )
    if engine.returncode:
        pytest.skip(engine.stderr.strip())
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    environment = os.environ | {
        "PATH": f"{Path(engine.stdout.strip()).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PULUMI_BACKEND_URL": f"file://{folder}",
        "PULUMI_CONFIG_PASSPHRASE": "any",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    subprocess.run(["pulumi", "stack", "init", "page"], cwd=folder, env=environment, check=True, timeout=60)
    return folder, environment


@pytest.mark.parametrize("command", _config_commands())
def test_a_command_that_sets_a_key_sets_one_that_is_taken(
    command: str, project: tuple[Path, dict[str, str]]
) -> None:
    """Pulumi's own command understands it, and what it writes into the stack's file is allowed."""
    folder, environment = project
    file = folder / "Pulumi.page.yaml"
    # The salt alone: each command begins with no configuration.
    file.write_text(
        "\n".join(line for line in file.read_text().splitlines() if line.startswith("encryptionsalt"))
    )
    done = subprocess.run(
        ["bash", "-c", command.replace("sha256:…", f"sha256:{64 * '0'}")],
        cwd=folder,
        env=environment,
        input="sk-any\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load(file.read_text())["config"]
    ((name, value),) = written.items()
    key = name.removeprefix("lambda-token-streaming:")
    if key in ("openaiApiKey", "providerKeys"):
        assert "secure" in json.dumps(value)
        assert "sk-any" not in file.read_text()
    else:
        _check(key, value)


def test_what_is_written_into_the_stacks_file_is_taken() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == PAGE.count("```yaml") > 0
    for block in blocks:
        for name, value in yaml.safe_load(textwrap.dedent(block))["config"].items():
            _check(name.removeprefix("lambda-token-streaming:"), value)


def test_every_key_named_there_exists() -> None:
    """What is written as code and looks like a key of the stack is one."""
    for setting in re.findall(r"`([a-z]+[A-Z][A-Za-z]*)(?:: [^`]*)?`", PAGE):
        outputs = {"frontendEnvironment", "imageDigest", "functionName", "logGroup"}
        outputs |= {"bufferedEndpoint", "bufferedFunctionName", "bufferedLogGroup"}
        assert setting in _FIELDS or setting in outputs, setting


def test_every_output_named_there_is_exported() -> None:
    exported = run_program({"bufferedFunction": True}).outputs
    table = PAGE.partition("| output | what it is |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.partition(" | ")[0])}
    assert named == set(exported)
    for name in re.findall(r"pulumi stack output (\w+)", PAGE + README):
        assert name in exported


def test_every_make_target_named_there_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in re.findall(r"(?:`|^)make ([a-z-]+)", PAGE + README, re.MULTILINE):
        assert name in targets


@pytest.mark.parametrize(
    "kind", [FailureKind.NOT_CONFIGURED, FailureKind.KEY_UNAVAILABLE, FailureKind.BAD_KEY]
)
def test_what_the_function_says_is_quoted_with_its_status(kind: FailureKind) -> None:
    row = next(row for row in PAGE.splitlines() if row.startswith("|") and kind.message.split(".")[0] in row)
    assert kind is FailureKind.NOT_CONFIGURED or f"{kind.status} " in row


def test_what_the_program_says_is_quoted() -> None:
    assert "Docker keeps its images in containerd" in PAGE
    assert "Docker keeps its images in containerd" in (ROOT / "infra" / "docker_engine.py").read_text()
    assert FailureKind.DEADLINE.message.rstrip(".") in PAGE


# The operation of an action that is not called as it is.
_NO_OPERATION = {"iam:PassRole"}


def test_each_action_of_the_deployers_policy_exists() -> None:
    session = botocore.session.get_session()
    for statement in POLICY["Statement"]:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            service, _, operation = action.partition(":")
            known = session.get_service_model(service).operation_names
            assert operation in known or action in _NO_OPERATION, action


def test_the_deployers_policy_is_about_this_stack_alone() -> None:
    for statement in POLICY["Statement"]:
        if statement["Action"] == "ecr:GetAuthorizationToken":  # knows no resource
            assert statement["Resource"] == "*"
        elif statement["Action"] == "logs:DescribeLogGroups":  # a list, which knows no name
            assert statement["Resource"] == "arn:aws:logs:REGION:ACCOUNT:log-group:*"
        else:
            resources = statement["Resource"]
            for resource in [resources] if isinstance(resources, str) else resources:
                assert "lambda-token-streaming-STACK-" in resource
    longest = json.dumps(POLICY, separators=(",", ":"))
    for word, value in {"ACCOUNT": ACCOUNT, "REGION": "ap-southeast-1", "STACK": 23 * "s"}.items():
        longest = longest.replace(word, value)
    assert len(longest) <= 6144  # of a managed policy


def test_what_can_go_of_the_deployers_policy_is_in_it() -> None:
    """With a prebuilt image the repository is made all the same, and nothing is pushed into it."""
    (sentence,) = re.findall(r"nothing is pushed, so\s+that (.*?) can;", PAGE, re.DOTALL)
    can_go = set(re.findall(r"`(ecr:\w+)`", sentence))
    ecr = [each for each in POLICY["Statement"] if "ecr:" in str(each["Action"])]
    granted = {
        action
        for each in ecr
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    assert {"ecr:PutImage", "ecr:GetAuthorizationToken"} <= can_go <= granted
    image = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/chat@sha256:{64 * '0'}"
    program = run_program({"imageBuilder": "prebuilt", "imageUri": image})
    assert program.one("aws:ecr/repository:Repository").custom
    assert "ecr:CreateRepository" in granted - can_go


def test_the_command_for_the_deployers_policy_fills_in_all_of_it() -> None:
    (command,) = (line for line in _shell_lines(PAGE) if "deployer-policy.json" in line)
    done = subprocess.run(
        ["bash", "-c", command.partition(" > ")[0]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert re.search(r"ACCOUNT|REGION|STACK", done.stdout) is None
    assert len(json.loads(done.stdout)["Statement"]) == len(POLICY["Statement"])


def _deployer_reaches(arn: str, stack: str) -> bool:
    """Whether the policy for a stack's deployer names that resource; IAM's `*` and `?` are those of a shell."""
    text = json.dumps(POLICY).replace("ACCOUNT", ACCOUNT).replace("REGION", "us-east-1")
    patterns = [
        pattern
        for statement in json.loads(text.replace("STACK", stack))["Statement"]
        if statement["Action"] not in ("ecr:GetAuthorizationToken", "logs:DescribeLogGroups")
        for pattern in (
            [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
        )
    ]
    return any(fnmatch.fnmatchcase(arn, pattern) for pattern in patterns)


def _arns(stack: str) -> set[str]:
    """Everything that a stack with all there is has an ARN for."""
    program = run_program(
        {"bufferedFunction": True, "alias": "live", "provisionedConcurrency": 1, "xray": True}, stack=stack
    )
    found = {
        str(arn)
        for each in program.resources
        for name, arn in each.outputs.items()
        if name in ("arn", "dashboardArn")
    }
    assert {arn.split(":")[2] for arn in found} >= {
        "lambda",
        "iam",
        "logs",
        "ecr",
        "secretsmanager",
        "cloudwatch",
    }
    return found


def test_the_deployers_policy_is_about_all_of_the_stack() -> None:
    """Every resource that has an ARN is named by some statement."""
    for arn in _arns("dev"):
        assert _deployer_reaches(arn, "dev"), arn


@pytest.mark.parametrize("other", ["dev-eu", "dev-us-east-1", "dev-1234567", "dev2", "de"])
def test_the_deployers_policy_is_about_no_stack_whose_name_begins_so(other: str) -> None:
    for arn in _arns(other):
        assert not _deployer_reaches(arn, "dev"), arn


@pytest.mark.parametrize("other", ["dev-streaming", "dev-buffered"])
def test_of_a_stack_called_like_a_function_the_deployers_policy_reaches_the_alarms_alone(other: str) -> None:
    """The page says so: alarms have names of many lengths, and a managed policy has no room for each."""
    reached = [arn for arn in _arns(other) if _deployer_reaches(arn, "dev")]
    assert reached
    assert all(":alarm:" in arn for arn in reached)
    assert "-streaming` or `-buffered`" in PAGE


def test_the_policy_of_ones_own_repository_is_that_of_the_stacks() -> None:
    (text,) = (block for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "LambdaPulls" in block)
    program = run_program(stack="prod")
    policy = program.one("aws:ecr/repositoryPolicy:RepositoryPolicy").inputs["policy"]
    assert json.loads(text) == json.loads(policy.replace("us-east-1", "eu-central-1"))


class _Recorder(http.server.BaseHTTPRequestHandler):
    """Takes one POST, and answers with a stream of two lines."""

    taken: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'0:"Hel"\n0:"lo"\n')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Nothing; the test looks at what was taken."""


@pytest.fixture
def recorder() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    taken: list[tuple[dict[str, str], bytes]] = []
    handler = type("Recorder", (_Recorder,), {"taken": taken})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", taken
        finally:
            server.shutdown()
            thread.join()


_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE",
    "AWS_SESSION_TOKEN": "token/with+signs=",
}


def _is_signed(url: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether botocore would have signed these headers so, for Lambda in eu-central-1."""
    authorization = headers["authorization"]
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(names)
    assert "/eu-central-1/lambda/aws4_request" in authorization
    request = AWSRequest("POST", url, {name: headers[name] for name in names}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(*_KEYS.values()), "lambda", "eu-central-1")
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    return bool(authorization.endswith("Signature=" + signer.signature(to_sign, request)))


def test_the_python_example_signs(
    recorder: tuple[str, list[tuple[dict[str, str], bytes]]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, taken = recorder
    for name, value in _KEYS.items():
        monkeypatch.setenv(name, value)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    example: dict[str, Any] = {}
    exec(compile(code, "docs/deploying.md", "exec"), example)
    example["stream"](url, "eu-central-1", {"messages": []})
    ((headers, body),) = taken
    assert _is_signed(url, headers, body)
    assert capsys.readouterr().out == '0:"Hel"\n0:"lo"\n'


def test_the_curl_example_signs(recorder: tuple[str, list[tuple[dict[str, str], bytes]]]) -> None:
    url, taken = recorder
    command = next(line for line in _shell_lines(PAGE) if "--aws-sigv4" in line)
    command = command.replace('"$(pulumi stack output endpoint)"', url)
    done = subprocess.run(
        ["bash", "-c", command],
        env=os.environ | _KEYS,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stdout == '0:"Hel"\n0:"lo"\n', done.stderr
    ((headers, body),) = taken
    assert _is_signed(url, headers, body)
