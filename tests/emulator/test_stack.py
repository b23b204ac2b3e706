from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from emulator.cors import Cors
from emulator.stack import Stack, StackError, read_stack

_ROOT = Path(__file__).parents[2]
# The defaults of docs/configuration.md.
_DEFAULT = {
    "allow_methods": ("GET", "POST"),
    "allow_headers": ("content-type", "cache-control", "user-agent"),
    "expose_headers": ("x-vercel-ai-data-stream", "x-vercel-ai-ui-message-stream"),
    "max_age": 86_400,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: chat\n")
    return tmp_path


def write(folder: Path, **values: object) -> None:
    config = {f"chat:{key}": value for key, value in values.items()}
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))


def test_the_stack_of_this_repository() -> None:
    stack = read_stack(_ROOT, "dev", ())
    assert stack.cors is not None
    assert "http://localhost:5173" in stack.cors.allow_origins
    assert stack.settings == {"timeout": 120.0, "memory_mb": 512, "concurrency": 10}


def test_a_stack_s_values(folder: Path) -> None:
    """As text and as what YAML makes of them; what is encrypted, or another's, is left alone."""
    write(
        folder,
        timeout="30",
        memorySize=256,
        reservedConcurrency=0,
        corsAllowOrigins=["https://a.example"],
        corsAllowMethods='["*"]',
        corsAllowCredentials=False,
        corsMaxAge=5,
        openaiApiKey={"secure": "v1:abc"},
        model="",
    )
    assert read_stack(folder, "dev", ()) == Stack(
        Cors(**_DEFAULT | {"allow_origins": ("https://a.example",), "allow_methods": ("*",), "max_age": 5}),  # type: ignore[arg-type]  # of several types
        {"timeout": 30.0, "memory_mb": 256, "concurrency": 0},
    )


def test_without_origins_there_is_no_cors(folder: Path) -> None:
    write(folder, reservedConcurrency=-1)
    assert read_stack(folder, "dev", ()) == Stack(None, {"timeout": 120.0, "memory_mb": 512})


def test_origins_of_the_command_line_take_the_place_of_the_stack_s(folder: Path) -> None:
    write(folder, corsAllowOrigins=["https://a.example"], corsMaxAge=0)
    stack = read_stack(folder, "dev", ["http://localhost:1", "http://localhost:2"])
    assert stack.cors is not None
    assert stack.cors.allow_origins == ("http://localhost:1", "http://localhost:2")
    assert stack.cors.max_age == 0


@pytest.mark.parametrize(
    ("own", "more", "together"),
    [
        (
            ["https://a.example"],
            ["http://localhost:1", "https://a.example"],
            ("https://a.example", "http://localhost:1"),
        ),
        ([], ["http://localhost:1"], ("http://localhost:1",)),
        (["https://a.example"], ["*"], ("*",)),
        (["*"], ["http://localhost:1"], ("*",)),
    ],
)
def test_more_origins_stand_beside_the_stack_s(
    folder: Path, own: list[str], more: list[str], together: tuple[str, ...]
) -> None:
    """`*` says it all, whoever says it."""
    write(folder, corsAllowOrigins=own)
    stack = read_stack(folder, "dev", (), more=more)
    assert stack.cors is not None
    assert stack.cors.allow_origins == together


def test_origins_need_no_stack(folder: Path) -> None:
    assert read_stack(folder, None, ["*"]) == Stack(Cors(allow_origins=("*",), **_DEFAULT), {})  # type: ignore[arg-type]  # of several types


@pytest.mark.parametrize(
    ("origins", "says"),
    [
        (["http://localhost:5173/"], "corsAllowOrigins[0] is"),
        (["localhost"], "an origin as a browser sends it"),
        (["*", "http://a.example"], "* alone says it all"),
    ],
)
def test_an_origin_that_no_browser_sends_is_a_sentence(folder: Path, origins: list[str], says: str) -> None:
    with pytest.raises(StackError) as raised:
        read_stack(folder, None, origins)
    assert says in str(raised.value)


def test_a_stack_that_is_not_there_is_a_sentence(folder: Path) -> None:
    write(folder)
    with pytest.raises(StackError, match=r"no .*Pulumi\.prod\.yaml\. The stacks here: Pulumi\.dev\.yaml;"):
        read_stack(folder, "prod", ())


def test_a_wrong_value_is_the_preview_s_own_sentence(folder: Path) -> None:
    write(folder, timeout=5, corsAllowMethods=["OPTIONS"])
    with pytest.raises(StackError) as raised:
        read_stack(folder, "dev", ())
    first, second = str(raised.value).splitlines()
    assert first.startswith("timeout is 5; it must be")
    assert second.startswith('corsAllowMethods[0] is "OPTIONS"; it must be')
