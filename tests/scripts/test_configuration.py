"""The generated configuration page and schema: what they say, and that a stale one is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from infra.settings import Settings
from scripts import configuration, stack_configuration

ROOT = Path(__file__).parents[2]
_TYPES = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("scripts", "infra", "lambda", "docs", "Pulumi.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


def _run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.configuration", *arguments],
        cwd=project,
        env={"PYTHONPATH": "lambda:.", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_both_files_are_as_the_settings_say() -> None:
    assert configuration.main(["--check"]) == 0


@pytest.mark.parametrize("name", ["Pulumi.yaml", "docs/configuration.md"])
def test_a_stale_file_is_told_and_written_anew(project: Path, name: str) -> None:
    path = project / name
    good = path.read_text()
    path.write_text(good.replace("4096", "4097", 1))
    assert path.read_text() != good
    done = _run(project, "--check")
    assert (done.returncode, done.stderr) == (
        1,
        f"{name} is not what the settings say. Run `make docs` and commit it.\n",
    )
    assert _run(project).returncode == 0
    assert path.read_text() == good


def test_what_stands_above_the_schema_is_kept(project: Path) -> None:
    path = project / "Pulumi.yaml"
    path.write_text("# A comment of ours\n" + path.read_text())
    assert _run(project).returncode == 0
    assert path.read_text().startswith("# A comment of ours\n")


def test_the_schema_has_every_key_with_its_type_and_default() -> None:
    schema = yaml.safe_load(stack_configuration.schema())["config"]
    assert list(schema) == [field.alias for field in Settings.model_fields.values()]
    for key, each in schema.items():
        kind = _TYPES[type(each["default"])]
        assert each["type"] == kind, key
        assert ("items" in each) == (kind == "array"), key
        assert each["description"], key


def test_the_schemas_defaults_are_the_settings() -> None:
    """With the one key that every stack needs, they are valid, and mean the same as none."""
    defaults = {
        key: each["default"] for key, each in yaml.safe_load(stack_configuration.schema())["config"].items()
    }
    keyed = {"openaiApiKey": "sk-1"}
    assert Settings.model_validate(defaults | keyed) == Settings.model_validate(keyed)


def test_no_cell_breaks_the_table() -> None:
    header, _, *rows = stack_configuration.table().splitlines()
    assert len(rows) == len(Settings.model_fields)
    for row in rows:
        assert row.replace("\\|", "").count("|") == header.count("|"), row
