"""What of a key is in plain text in a stack's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from infra.stack_file import in_plain_text, plain_values

if TYPE_CHECKING:
    from pathlib import Path

_SEALED = {"secure": "v1:abc:def"}


def _found(folder: Path, key: str = "providerKeys") -> list[tuple[str, ...]]:
    return in_plain_text(folder, project="chat", stack="dev", key=key)


@pytest.mark.parametrize(
    ("value", "places"),
    [
        (_SEALED, []),
        ({}, []),
        ("", []),
        ("{}", []),
        ({"A_API_KEY": _SEALED, "B_API_KEY": _SEALED}, []),
        ({"A_API_KEY": ""}, []),
        ("open", [()]),
        ('{"A_API_KEY": "open"}', [()]),
        ({"A_API_KEY": _SEALED, "B_API_KEY": "open"}, [("B_API_KEY",)]),
        ({"A_API_KEY": "open", "B_API_KEY": 5}, [("A_API_KEY",), ("B_API_KEY",)]),
        ({"A_API_KEY": [_SEALED, "open"]}, [("A_API_KEY", "1")]),
        # No more than a name that happens to be Pulumi's mark.
        ({"secure": "v1:abc:def", "B_API_KEY": "open"}, [("secure",), ("B_API_KEY",)]),
        ({"secure": {"A_API_KEY": "open"}}, [("secure", "A_API_KEY")]),
    ],
)
@pytest.mark.parametrize("name", ["chat:providerKeys", "chat:config:providerKeys", "providerKeys"])
def test_places(tmp_path: Path, name: str, value: Any, places: list[tuple[str, ...]]) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(
        yaml.safe_dump({"config": {name: value, "chat:model": "open"}}, sort_keys=False)
    )
    assert _found(tmp_path) == places


@pytest.mark.parametrize("text", [None, "", "encryptionsalt: v1:abc\n", "config: {}\n", "config:\n"])
def test_a_file_without_configuration(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "Pulumi.dev.yaml").write_text(text)
    assert _found(tmp_path) == []


def test_the_file_is_where_the_project_says(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: chat\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text("config: {'chat:openaiApiKey': open}\n")
    assert _found(tmp_path, "openaiApiKey") == [()]


def test_plain_values_are_the_project_s_own_without_those_encrypted(tmp_path: Path) -> None:
    """In each of the three forms in which Pulumi takes a key."""
    (tmp_path / "Pulumi.yaml").write_text("name: chat\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    config = {"aws:region": "us-east-1", "chat:a": 1, "chat:config:b": ["x"], "c": "y", "chat:d": _SEALED}
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    assert plain_values(tmp_path, "dev") == {"a": 1, "b": ["x"], "c": "y"}
    with pytest.raises(FileNotFoundError):
        plain_values(tmp_path, "prod")
