"""The whole program: what it registers and exports."""

from __future__ import annotations

from tests.fakes.pulumi_program import KEY, run_program


def test_the_key_is_known_to_its_secret_alone() -> None:
    program = run_program()
    holders = {(each.type, path) for each in program.resources for path in _paths_of(KEY, each.inputs)}
    assert holders == {("aws:secretsmanager/secretVersion:SecretVersion", "secretString")}
    assert program.one("aws:secretsmanager/secretVersion:SecretVersion").secrets == {"secretString"}
    assert not list(_paths_of(KEY, program.outputs))


def _paths_of(text: str, value: object, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [
            found
            for key, each in value.items()
            for found in _paths_of(text, each, f"{path}.{key}" if path else key)
        ]
    if isinstance(value, list):
        return [found for each in value for found in _paths_of(text, each, path)]
    return [path] if text in str(value) else []
