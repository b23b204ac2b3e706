"""The components of docs/frontend.md, rendered with the packages they name, in front of the real function."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.clients.pages import V4, VERSIONS, WITH_APPROVAL
from tests.clients.ui import FOLDER
from tests.conformance.replies import answer, calls
from tests.docs.examples import examples
from tests.fakes.upstream import error_reply, text_reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.clients.pages import Pages
    from tests.fakes.upstream import FakeUpstream

pytestmark = pytest.mark.asyncio(loop_scope="session")
every_version = pytest.mark.parametrize("version", VERSIONS)
CHAT = "export function Chat()"
RULE = "export const sendAutomaticallyWhen"
TOOLS_HOOK = "export function useChatWithTools()"
BERN = ("call_bern", "deleteNote", {"title": "Bern"})
OSLO = ("call_oslo", "deleteNote", {"title": "Oslo"})
GUARDED = {"deleteNote": {"inputSchema": {"type": "object"}, "needsApproval": True}}


@pytest.fixture(scope="module")
def compiled(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """By export and version, JavaScript modules. `pages`: the compiler is installed with the clients."""
    folder = tmp_path_factory.mktemp("components")
    named = {}
    for number, example in enumerate(examples()):
        if example.name is not None:
            (folder / f"{example.name}.ts").write_text(example.code)
        for export in (CHAT, TOOLS_HOOK, RULE):
            if export in example.code:
                (folder / f"example{number}.tsx").write_text(example.code)
                for word in example.words:
                    named[export, word.removeprefix("ai@")] = folder / f"example{number}.js"
    options = ["--noCheck", "--noResolve", "--jsx", "react-jsx", "--target", "ES2023", "--module", "ESNext"]
    sources = sorted(folder.glob("*.ts*"))
    subprocess.run([FOLDER / "node_modules" / ".bin" / "tsc", *options, *sources], check=True, cwd=folder)
    return named


@contextlib.contextmanager
def placed(compiled: Path, version: str) -> Iterator[str]:
    """Where a module lies among the version's packages, which it finds from there as a page's bundler would."""
    home = FOLDER if version == V4 else FOLDER / "versions" / version
    folder = home / ".cache" / "documented"
    folder.mkdir(parents=True, exist_ok=True)
    code = compiled.read_text()
    placed_there = [folder / f"{compiled.stem}.mjs"]
    for name in re.findall(r"from '\./([a-z-]+)'", code):
        # Node wants the whole name, which a bundler finds.
        code = code.replace(f"'./{name}'", f"'./{name}.mjs'")
        placed_there.append(folder / f"{name}.mjs")
        shutil.copy(compiled.parent / f"{name}.js", placed_there[-1])
    placed_there[0].write_text(code)
    yield str(placed_there[0].relative_to(FOLDER))
    for file in placed_there:
        file.unlink()


@pytest.fixture
def component(compiled: dict[tuple[str, str], Path], version: str) -> Iterator[str]:
    """The version's `Chat`."""
    with placed(compiled[CHAT, version], version) as module:
        yield module


@pytest.fixture
def rule(compiled: dict[tuple[str, str], Path], version: str) -> Iterator[str]:
    """The version's rule for when to post after approvals."""
    with placed(compiled[RULE, version], version) as module:
        yield module


@every_version
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


@every_version
async def test_it_shows_an_error_and_retries(
    pages: Pages, api: str, upstream: FakeUpstream, component: str, version: str
) -> None:
    upstream.enqueue(error_reply(500, {"message": "down"}))
    shown = await pages.component(component, api, f"Hi {version}")
    assert shown["articles"] == [f"Hi {version}"]
    (alert,) = shown["alerts"]
    assert re.fullmatch(r"The model provider [^{}]+\. \(error id [0-9a-f]+\) Retry", alert)


@every_version
async def test_it_sends_no_empty_message(
    pages: Pages, api: str, upstream: FakeUpstream, component: str, version: str
) -> None:
    """Nor one of blanks: the form is as it was, and what is typed then is the first message."""
    for blank in ("", "  "):
        upstream.enqueue(text_reply("Hello."))
        shown = await pages.component(component, api, f"Hi {version}", blank)
        assert shown == {"articles": [f"Hi {version}", "Hello."], "alerts": []}


@pytest.mark.parametrize("version", WITH_APPROVAL)
@pytest.mark.parametrize("first", ["approved", "denied"])
async def test_its_rule_posts_once_when_all_is_settled(
    pages: Pages, api: str, upstream: FakeUpstream, rule: str, version: str, first: str
) -> None:
    """One call approved and run, one denied, in either order: nothing before the last of it, then one round."""
    upstream.enqueue(calls(BERN, OSLO), text_reply("One is gone."))
    async with pages.open(version, api, automatic=[rule], body={"tools": GUARDED}) as page:
        await page.send("Delete both")
        held = await page.idle()
        bern, oslo = (part["approval"]["id"] for part in held.parts("tool"))
        approve = ("addToolApprovalResponse", {"id": bern, "approved": True})
        deny = ("addToolApprovalResponse", {"id": oslo, "approved": False, "reason": "no"})
        output = ("addToolOutput", {"tool": "deleteNote", "toolCallId": "call_bern", "output": "gone"})
        steps = [approve, output, deny] if first == "approved" else [deny, approve, output]
        for number, (name, given) in enumerate(steps):
            await page.call(name, given)
            held = await page.idle()
            assert len(held.requests) == (2 if number == len(steps) - 1 else 1), (name, held)
    held.assert_undisturbed()
    assert [part["state"] for part in held.parts("tool")] == ["output-available", "output-denied"]
    assert held.shown[-1] == "One is gone."


@pytest.mark.parametrize(
    ("version", "export"),
    [
        *((version, TOOLS_HOOK) for version in ("5.0.277", *WITH_APPROVAL)),
        *((version, RULE) for version in WITH_APPROVAL),
    ],
)
async def test_its_rules_end_with_a_model_that_always_calls(
    pages: Pages,
    api: str,
    upstream: FakeUpstream,
    compiled: dict[tuple[str, str], Path],
    version: str,
    export: str,
) -> None:
    """Results are posted eight times, and not once more."""
    upstream.enqueue(*(calls((f"call_{number}", "deleteNote", {"title": "Bern"})) for number in range(12)))
    tools = {"deleteNote": {"inputSchema": {"type": "object"}}}
    with placed(compiled[export, version], version) as module:
        async with pages.open(
            version, api, automatic=[module], results={"deleteNote": "gone"}, body={"tools": tools}
        ) as page:
            await page.send("Delete it")
            held = await page.idle()
    held.assert_undisturbed()
    assert len(held.requests) == 9
    assert [part["state"] for part in held.parts("tool")] == ["output-available"] * 9
