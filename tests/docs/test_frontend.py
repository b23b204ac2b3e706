"""The components of docs/frontend.md are type-checked against the packages that they name.

Its scripts are run by `tests/conformance/test_documented_scripts.py`.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from chat.settings import Settings
from tests.clients import pages, ui
from tests.clients.pages import V4
from tests.clients.ui import FOLDER
from tests.docs.examples import PAGE, RUN, Example, examples

if TYPE_CHECKING:
    from pathlib import Path

TSC = FOLDER / "node_modules" / ".bin" / "tsc"


def versions(example: Example) -> list[str]:
    return [word.removeprefix("ai@") for word in example.words if word.startswith("ai@")]


def typed() -> dict[str, list[Example]]:
    """The examples of each version."""
    return {
        version: [example for example in examples() if version in versions(example)]
        for version in pages.VERSIONS
    }


def test_every_block_is_checked() -> None:
    """One that names neither a version nor `run` would be believed unread."""
    for example in examples():
        assert versions(example) or RUN in example.words, example.code
        assert set(versions(example)) <= set(pages.VERSIONS), example.words


def test_it_says_which_react_package_belongs_to_which_ai() -> None:
    """As the packages do that the tests run: each generation of `ai` has its own of `@ai-sdk/react`."""
    tested: dict[str, str] = {}
    for file in (FOLDER / "package.json", *(FOLDER / "versions").glob("*/package.json")):
        packages = json.loads(file.read_text())["dependencies"]
        ai, react = (packages[name].partition(".")[0] for name in ("ai", "@ai-sdk/react"))
        assert tested.setdefault(ai, react) == react, file
    rows = re.findall(
        r"^\| (\d+) \| (\d+) \| `npm install ai@(\d+) @ai-sdk/react@(\d+)` \|$",
        PAGE.read_text(),
        re.MULTILINE,
    )
    assert {ai: react for ai, react, _, _ in rows} == tested
    assert [row[:2] for row in rows] == [row[2:] for row in rows]


def test_it_names_the_types_of_files_that_are_taken() -> None:
    accepted = re.search(r'accept="([^"]+)"', PAGE.read_text())
    assert accepted is not None
    assert tuple(accepted[1].split(",")) == Settings().attachment_types


def check_types(folder: Path, version: str, code: list[Example]) -> str:
    """What tsc says of the examples, each a module of its own, with the packages of a version."""
    if reason := ui.missing():
        pytest.skip(reason)
    packages = FOLDER / "node_modules" if version == V4 else FOLDER / "versions" / version / "node_modules"
    types = FOLDER / "node_modules" / "@types"
    for number, example in enumerate(code):
        (folder / f"{example.name or f'example{number}'}.{example.language}").write_text(example.code)
    (folder / "node.d.ts").write_text("declare const process: { env: Record<string, string | undefined> };\n")
    options = {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "target": "ES2023",
        "lib": ["ES2023", "DOM", "DOM.Iterable"],
        "module": "ESNext",
        "moduleResolution": "Bundler",
        "jsx": "react-jsx",
        "types": [],
        "noUncheckedIndexedAccess": True,
        "exactOptionalPropertyTypes": True,
        "paths": {
            "ai": [str(packages / "ai")],
            "@ai-sdk/react": [str(packages / "@ai-sdk" / "react")],
            "react": [str(types / "react")],
            "react/jsx-runtime": [str(types / "react" / "jsx-runtime")],
        },
    }
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*"]}))
    checked = subprocess.run([TSC, "-p", folder], capture_output=True, text=True, check=False)
    return checked.stdout + checked.stderr


@pytest.mark.parametrize("version", pages.VERSIONS)
def test_components_fit_the_packages(tmp_path: Path, version: str) -> None:
    assert check_types(tmp_path, version, typed()[version]) == ""


def test_a_component_that_does_not_fit_is_told(tmp_path: Path) -> None:
    """The check reads the packages' types: a name that v4 has and v7 has not is an error in v7 alone."""
    wrong = Example(
        "tsx", (), "import { useChat } from '@ai-sdk/react';\nexport const { reload } = useChat();\n"
    )
    for version, expected in ((V4, False), ("7.0.173", True)):
        folder = tmp_path / version
        folder.mkdir()
        assert ("reload" in check_types(folder, version, [wrong])) is expected
