"""Who may call a URL, from which pages, and how it answers."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest

from tests.fakes.pulumi_program import Program, Resource, run_program
from tests.fakes.stack_configurations import DISTRIBUTION, ROLE, program_with

_URL = "aws:lambda/functionUrl:FunctionUrl"
_PERMISSION = "aws:lambda/permission:Permission"


def _grants(program: Program) -> dict[tuple[str, str | None, str], list[dict[str, Any]]]:
    """What each principal is granted, by function, qualifier and principal."""
    grants = defaultdict(list)
    for each in program.all(_PERMISSION):
        grant = dict(each.inputs)
        target = (grant.pop("function"), grant.pop("qualifier", None), grant.pop("principal"))
        grants[target].append(grant)
    return {target: sorted(both, key=lambda each: str(each["action"])) for target, both in grants.items()}


def _both(authorization: str) -> list[dict[str, Any]]:
    return [
        {"action": "lambda:InvokeFunction", "invokedViaFunctionUrl": True},
        {"action": "lambda:InvokeFunctionUrl", "functionUrlAuthType": authorization},
    ]


def _url(config: dict[str, Any]) -> Resource:
    return run_program(config).one(_URL)


def test_a_public_url_grants_both_actions_to_everybody() -> None:
    program = program_with("bare")
    url = program.one(_URL)
    assert url.inputs["authorizationType"] == "NONE"
    assert _grants(program) == {(url.inputs["functionName"], None, "*"): _both("NONE")}


def test_a_signed_url_grants_both_actions_to_each_invoker_on_the_alias() -> None:
    program = program_with("IAM")
    expected = {
        (url.inputs["functionName"], "live", invoker): _both("AWS_IAM")
        for url in program.all(_URL)
        for invoker in (ROLE, "210987654321")
    }
    of_distribution = {
        (url.inputs["functionName"], "live", "cloudfront.amazonaws.com"): [
            {**grant, "sourceArn": DISTRIBUTION} for grant in _both("AWS_IAM")
        ]
        for url in program.all(_URL)
    }
    assert len(expected) == 4
    assert _grants(program) == expected | of_distribution


def test_grants_are_on_what_the_url_calls(program: Program) -> None:
    """One on the function says nothing of its alias: AWS keeps a policy for each."""
    called = {(url.inputs["functionName"], url.inputs.get("qualifier")) for url in program.all(_URL)}
    assert {(function, qualifier) for function, qualifier, _ in _grants(program)} == called


def test_a_grant_has_no_name_that_the_provider_gives_its_own(program: Program) -> None:
    for each in program.all(_PERMISSION):
        assert "statementId" not in each.inputs
        # The provider makes one out of the resource's name, unless it makes a random one.
        assert not each.name.startswith(("FunctionURLAllowPublicAccess", "FunctionURLAllowInvokeAction"))


def test_a_grant_has_a_name_that_makes_a_statement_id(program: Program) -> None:
    """AddPermission takes 100 letters, digits, - and _, of which the provider takes 8 for its own ending."""
    for each in program.all(_PERMISSION):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,92}", each.name)


def test_two_callers_of_one_name_have_grants_of_their_own() -> None:
    other = ROLE.replace("123456789012", "210987654321")
    program = run_program({"authorization": "AWS_IAM", "invokers": [ROLE, other]})
    assert len({each.name for each in program.all(_PERMISSION)}) == 4


def test_who_stays_keeps_the_grant_when_another_goes() -> None:
    """A grant that is made anew leaves its holder without for a moment."""
    names = [
        {
            each.name
            for each in run_program({"authorization": "AWS_IAM", "invokers": invokers}).all(_PERMISSION)
        }
        for invokers in (["210987654321", ROLE], [ROLE])
    ]
    assert names[1] < names[0]


def test_a_name_can_stand_in_a_urn(program: Program) -> None:
    for each in program.all(_PERMISSION):
        assert "::" not in each.name


@pytest.mark.parametrize("configuration_name", ["bare", "buffered", "provisioned"])
def test_each_function_has_a_url_in_its_own_mode(configuration_name: str) -> None:
    program = program_with(configuration_name)
    modes = {url.name.rpartition("-")[2]: url.inputs["invokeMode"] for url in program.all(_URL)}
    expected = {"streaming": "RESPONSE_STREAM", "buffered": "BUFFERED"}
    assert modes == {kind: expected[kind] for kind in modes}
    assert len(modes) == len(program.all("aws:lambda/function:Function"))


def test_no_page_may_call_unless_asked() -> None:
    assert "cors" not in _url({}).inputs


def test_pages_that_may_call() -> None:
    assert _url({"corsAllowOrigins": ["https://a.example", "http://localhost:5173"]}).inputs["cors"] == {
        "allowOrigins": ["https://a.example", "http://localhost:5173"],
        "allowMethods": ["GET", "POST"],
        "allowHeaders": ["content-type", "cache-control", "user-agent"],
        "exposeHeaders": ["x-vercel-ai-data-stream", "x-vercel-ai-ui-message-stream"],
        "allowCredentials": False,
        "maxAge": 86400,
    }


def test_every_cors_setting_reaches_the_url() -> None:
    config = {
        "corsAllowOrigins": ["https://a.example"],
        "corsAllowMethods": ["POST"],
        "corsAllowHeaders": ["authorization"],
        "corsExposeHeaders": [],
        "corsAllowCredentials": True,
        "corsMaxAge": 60,
    }
    assert _url(config).inputs["cors"] == {
        "allowOrigins": ["https://a.example"],
        "allowMethods": ["POST"],
        "allowHeaders": ["authorization"],
        "exposeHeaders": [],
        "allowCredentials": True,
        "maxAge": 60,
    }


def test_the_endpoint_is_the_streaming_one() -> None:
    program = program_with("buffered")
    by_name = {re.sub(".*-", "", url.name): url.outputs["functionUrl"] for url in program.all(_URL)}
    assert program.outputs["endpoint"] == by_name["streaming"]
    assert program.outputs["bufferedEndpoint"] == by_name["buffered"]
