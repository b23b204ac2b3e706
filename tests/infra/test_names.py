"""Names that every service takes, for any stack."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from infra.names import prefix

# Pulumi's own rule for the name of a stack (sdk/go/common/tokens).
_STACKS = st.from_regex(r"[A-Za-z0-9_.-]{1,100}", fullmatch=True)
_RANDOM_END = "-1234567"


def test_a_plain_name_stays() -> None:
    assert prefix("lambda-token-streaming", "dev") == "lambda-token-streaming-dev"


def test_a_changed_name_says_what_it_was() -> None:
    assert prefix("chat", "Dev") == "chat-dev-6bc24c"
    assert prefix("chat", "Dev") != prefix("chat", "dev") != prefix("chat", "DEV")


@given(_STACKS)
@example("a" * 100)
@example("a-" * 50)
def test_all_services_take_it(stack: str) -> None:
    name = prefix("lambda-token-streaming", stack)
    # ECR's is the narrowest: lower case, single separators (CreateRepository, repositoryName).
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert len(f"{name}-streaming{_RANDOM_END}") <= 64  # of a function, and of a role


@given(_STACKS, _STACKS)
def test_two_stacks_never_share_one(one: str, other: str) -> None:
    names = prefix("lambda-token-streaming", one), prefix("lambda-token-streaming", other)
    assert (names[0] == names[1]) == (one == other)
