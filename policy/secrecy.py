"""Secrets: none where it can be read, in a function's variables or in a stack's outputs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from policy.seen import UNKNOWN, Seen, Violation, given

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK: Final = "pulumi:pulumi:Stack"
# As variables and as outputs are written: OPENAI_API_KEY, openaiApiKey; but no MONKEY and no turnkey.
_NAME: Final = re.compile(
    r"(^|_)(APIKEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$"
    r"|(^|_)(apikey|key|token|secret|password|passwd|credentials?)$"
    r"|(^|[a-z0-9])(Apikey|Key|Token|Secret|Password|Passwd|Credentials?)$"
)
# What those who hand out keys say of their form.
_SHAPE: Final = re.compile(
    r"\bsk-[\w-]{16,}|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{35}|\bgh[oprsu]_\w{36}|\bgithub_pat_\w{22,}|\bhf_\w{30,}"
    r"|\bxox[abeoprs]-[\w-]{10,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]*:[^/\s@]+@"
)
# A run of letters and digits that is long and as mixed as only chance makes it. A digest of content is no secret.
_RUN: Final = re.compile(r"(?<!sha256:)\b[A-Za-z0-9+/]{24,}={0,2}(?![\w])")
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
    if not value or value.startswith("arn:"):
        return False
    return bool(_NAME.search(name) or _SHAPE.search(value)) or any(
        _bits(run) >= _LEAST_BITS and _is_mixed(run) for run in _RUN.findall(value)
    )


def _bits(text: str) -> float:
    """Shannon's entropy of a text, in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _is_mixed(text: str) -> bool:
    return all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
