"""A function's URL, its CORS settings, and who may call it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal, TypedDict

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from infra.function import ChatFunction
    from infra.settings import Settings


class _Who(TypedDict):
    principal: str
    source_arn: str | None


class FunctionUrl(pulumi.ComponentResource):
    """A URL that streams, or buffers, and the two grants that AWS asks for, for each who may call.

    With authorization NONE that is everybody. The AWS provider then adds two grants itself
    (`FunctionURLAllowPublicAccess`, `FunctionURLAllowInvokeAction`), but only when it creates the URL, and never takes
    them away. Those made here have ids of their own, so they do not clash; they hold when the authorization changes
    later, and for the alias that the URL is on.

    Args:
        name: Of the component.
        function: What it calls, at its alias if it has one.
        settings: The stack's configuration.
        invoke_mode: RESPONSE_STREAM or BUFFERED.
    """

    url: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        function: ChatFunction,
        settings: Settings,
        invoke_mode: Literal["RESPONSE_STREAM", "BUFFERED"],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lambda-token-streaming:infra:FunctionUrl", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        url = aws.lambda_.FunctionUrl(
            name,
            function_name=function.name,
            qualifier=function.qualifier,
            authorization_type=settings.authorization,
            invoke_mode=invoke_mode,
            cors=_cors(settings),
            opts=child,
        )
        callers = ["*"] if settings.authorization == "NONE" else settings.invokers
        for caller in callers:
            # By name, not by number: whoever stays keeps the grant when another one goes.
            label = _label(caller)
            # CloudFront signs as a service, so what tells one distribution from anybody's is the source.
            is_distribution = ":cloudfront:" in caller
            who: _Who = {
                "principal": "cloudfront.amazonaws.com" if is_distribution else caller,
                "source_arn": caller if is_distribution else None,
            }
            aws.lambda_.Permission(
                f"{name}-url-{label}",
                action="lambda:InvokeFunctionUrl",
                function=function.name,
                qualifier=function.qualifier,
                function_url_auth_type=settings.authorization,
                **who,
                opts=child,
            )
            # Since October 2025 AWS asks for this one as well; by its condition it is good for the URL alone.
            aws.lambda_.Permission(
                f"{name}-function-{label}",
                action="lambda:InvokeFunction",
                function=function.name,
                qualifier=function.qualifier,
                invoked_via_function_url=True,
                **who,
                opts=child,
            )
        self.url = url.function_url
        self.register_outputs({"url": self.url})


def _label(caller: str) -> str:
    """A caller as the end of a grant's name, of which the provider makes the statement's id.

    That takes letters, digits, - and _ (AddPermission's StatementId), 100 of them with the URL's name before.
    """
    if caller == "*":
        return "everybody"
    readable = re.sub(r"[^A-Za-z0-9]+", "-", caller.rpartition("/")[2])[:16]
    return f"{readable}-{hashlib.sha256(caller.encode()).hexdigest()[:6]}"


def _cors(settings: Settings) -> aws.lambda_.FunctionUrlCorsArgsDict | None:
    """AWS's CORS settings; none where no page may call."""
    if not settings.cors_allow_origins:
        return None
    return {
        "allow_origins": settings.cors_allow_origins,
        "allow_methods": settings.cors_allow_methods,
        "allow_headers": settings.cors_allow_headers,
        "expose_headers": settings.cors_expose_headers,
        "allow_credentials": settings.cors_allow_credentials,
        "max_age": settings.cors_max_age,
    }
