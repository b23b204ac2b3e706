"""The components of docs/frontend.md, rendered with the packages they name, in front of the real function."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.clients.pages import V4, VERSIONS
from tests.clients.ui import FOLDER
from tests.conformance.replies import answer
from tests.docs.examples import examples
from tests.fakes.upstream import error_reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.clients.pages import Pages
    from tests.fakes.upstream import FakeUpstream

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("version", VERSIONS)]
CHAT = "export function Chat()"


@pytest.fixture(scope="module")
def compiled(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each version's `Chat` as a JavaScript module. `pages`: the compiler is installed with the clients."""
    folder = tmp_path_factory.mktemp("components")
    named = {}
    for number, example in enumerate(each for each in examples() if CHAT in each.code):
        (folder / f"chat{number}.tsx").write_text(example.code)
        for word in example.words:
            named[word.removeprefix("ai@")] = folder / f"chat{number}.js"
    options = ["--noCheck", "--noResolve", "--jsx", "react-jsx", "--target", "ES2023", "--module", "ESNext"]
    sources = sorted(folder.glob("*.tsx"))
    subprocess.run([FOLDER / "node_modules" / ".bin" / "tsc", *options, *sources], check=True, cwd=folder)
    return named


@pytest.fixture
def component(compiled: dict[str, Path], version: str) -> Iterator[str]:
    """Where the module lies among the version's packages, which it finds from there as a page's bundler would."""
    home = FOLDER if version == V4 else FOLDER / "versions" / version
    folder = home / ".cache" / "documented"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{compiled[version].stem}.mjs"
    shutil.copy(compiled[version], file)
    yield str(file.relative_to(FOLDER))
    file.unlink()


async def test_it_shows_the_answer(
    pages: Pages, api: str, upstream: FakeUpstream, component: str, version: str
) -> None:
    """Reasoning, text and source of an answer to what was typed."""
    cited = {
        "type": "url_citation",
        "url_citation": {"title": "AWS Lambda", "url": "https://aws.amazon.com/"},
    }
    upstream.enqueue(
        answer(
            {"reasoning_content": "Hm."},
            {"content": "Hello, "},
            {"content": version},
            {"annotations": [cited]},
        )
    )
    shown = await pages.component(component, api, "Hi there")
    assert shown == {"articles": ["Hi there", f"ReasoningHm.Hello, {version}AWS Lambda"], "alerts": []}


async def test_it_shows_an_error_and_retries(
    pages: Pages, api: str, upstream: FakeUpstream, component: str, version: str
) -> None:
    upstream.enqueue(error_reply(500, {"message": "down"}))
    shown = await pages.component(component, api, f"Hi {version}")
    assert shown["articles"] == [f"Hi {version}"]
    (alert,) = shown["alerts"]
    assert '"success"' in alert
    assert alert.endswith("Retry")
