"""README's table of resources: from a state to lines. That README has it is `make check`'s to say."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.resource_table import PURPOSES, table


def resource(type_: str, name: str, stack: str = "dev", *, custom: bool = True) -> dict[str, Any]:
    urn = f"urn:pulumi:{stack}::lambda-token-streaming::{type_}::{name}"
    return {"type": type_, "urn": urn, "custom": custom}


def every_type(stack: str) -> list[dict[str, Any]]:
    """A state with one resource of each type."""
    return [resource(type_, f"lambda-token-streaming-{stack}", stack) for type_ in PURPOSES]


def test_what_differs_from_stack_to_stack_is_left_out_of_names() -> None:
    permission, image = "aws:lambda/permission:Permission", "docker:index/image:Image"
    dev = [
        *every_type("dev"),
        resource(permission, "lambda-token-streaming-dev-streaming-url-everybody"),
        resource(image, "image-0123456789abcdef"),
    ]
    lines = table({"dev": dev, "prod": every_type("prod")}).splitlines()
    assert lines[0] == "| resource | name | dev | prod | what for |"
    (grants,) = [line for line in lines if line.startswith("| `aws:lambda:Permission` |")]
    assert grants.startswith(
        "| `aws:lambda:Permission` | `NAME`, `NAME-streaming-url-CALLER` | 2 | 1 | Who may call"
    )
    (images,) = [line for line in lines if line.startswith("| `docker:index:Image` |")]
    assert images.startswith("| `docker:index:Image` | `NAME`, `image-CONTENT` | 2 | 1 |")
    assert lines[-1] == f"| together | | {len(PURPOSES) + 2} | {len(PURPOSES)} | |"


def test_components_providers_and_the_stack_are_nothing_in_the_cloud() -> None:
    beside = [
        resource("pulumi:pulumi:Stack", "lambda-token-streaming-dev", custom=False),
        resource("pulumi:providers:aws", "default_7_51_1"),
        resource("lambda-token-streaming:infra:Repository", "lambda-token-streaming-dev", custom=False),
    ]
    assert table({"dev": [*beside, *every_type("dev")]}) == table({"dev": every_type("dev")})


def test_a_type_without_a_purpose_is_an_error() -> None:
    with pytest.raises(ValueError, match="aws:sqs/queue:Queue"):
        table({"dev": [*every_type("dev"), resource("aws:sqs/queue:Queue", "lambda-token-streaming-dev")]})


def test_a_purpose_that_nothing_has_is_an_error() -> None:
    with pytest.raises(ValueError, match="aws:lambda/function:Function"):
        table({"dev": every_type("dev")[1:]})
