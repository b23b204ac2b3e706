"""Secrets: none where it can be read, in a function's variables or in a stack's outputs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from policy.key_shapes import looks_secret, without_addresses
from policy.seen import UNKNOWN, Seen, Violation, given

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK: Final = "pulumi:pulumi:Stack"
# As variables and as outputs are written: OPENAI_API_KEY, openaiApiKey; but no MONKEY and no turnkey.
_NAME: Final = re.compile(
    r"APIKEY$|apikey$|(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$"
    r"|(^|_)(key|token|secret|password|passwd|credentials?)$"
    r"|(^|[a-z0-9])(Apikey|Key|Token|Secret|Password|Passwd|Credentials?)$"
)
# A whole ARN names a secret, and is none.
_ARN: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:[\w/:.+=,@*$-]+")
# Prompts, models and addresses are words that people chose: in these, keys are known by their form alone.
_WORDS: Final = re.compile(r"(^|_)(PROMPT|MODELS?|URL|BASE|ENDPOINT|PATHS?)$")
# A run of letters and digits that is long and as mixed as only chance makes it.
_RUN: Final = re.compile(r"(?<!sha256:)\b[A-Za-z0-9+/]{24,}={0,2}(?![\w])")
_LEAST_LONG: Final = 24
_AWS_SECRET_LONG: Final = 40
_LEAST_BITS: Final = 4.0


def variables(properties: Mapping[str, Any]) -> Iterator[str]:
    """Whoever may look at a function may read its variables."""
    environment = given(properties.get("environment")) or {}
    for name, value in (given(environment.get("variables")) or {}).items():
        if value is UNKNOWN:
            continue
        if is_secret(name, str(value)):
            yield (
                f"The variable {name} is, or looks like, a secret: put it in Secrets Manager, and the secret's ARN "
                "in the variable."
            )


def outputs(resources: Sequence[Seen]) -> Iterator[Violation]:
    """`pulumi stack output` shows them to whoever may look at the stack, and CI keeps them in its logs."""
    for stack in resources:
        if stack.type != STACK:
            continue
        for name, value in _leaves("", stack.properties):
            if is_secret(name.rpartition(".")[2], str(value)):
                yield Violation(
                    stack.urn,
                    f"The output {name} is, or looks like, a secret: export its ARN, and let who needs it read it.",
                )


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for at, each in enumerate(value):
            yield from _leaves(f"{path}.{at}", each)
    elif value is not UNKNOWN:
        yield path, value


def is_secret(name: str, value: str) -> bool:
    """Whether a value is a secret, by what it is called or by what it looks like."""
    if not value or _ARN.fullmatch(value):
        return False
    if _NAME.search(name) or looks_secret(value):
        return True
    return not _WORDS.search(name) and any(
        _bits(run) >= _LEAST_BITS and _is_mixed(run) for run in _runs(without_addresses(value))
    )


def _runs(text: str) -> Iterator[str]:
    """Long runs of letters and digits, of base64 too; a path is one run for each of its parts."""
    for run in _RUN.findall(text):
        if run.endswith("=") or "+" in run or len(run) == _AWS_SECRET_LONG:
            yield run
        else:
            yield from (part for part in run.split("/") if len(part) >= _LEAST_LONG)


def _bits(text: str) -> float:
    """Shannon's entropy of a text, in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _is_mixed(text: str) -> bool:
    return all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
