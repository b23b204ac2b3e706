"""Lambda: the URLs of functions, and who may call them.

Facts, besides AWS's description of its API: the two grants that a URL needs have a condition each, and each condition
goes with one action (AddPermission). The Terraform provider (internal/service/lambda/function_url.go, since it is built
on SDK v2): with authorization NONE it adds both public grants itself, when it creates a URL and then alone, for the
URL's qualifier, and takes no notice of one that is there already.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from tests.fakes.cloud.api_model import AwsError, check_call
from tests.fakes.cloud.parameters import Table, parameters
from tests.fakes.cloud.provider import AutoName, Kind, Values

if TYPE_CHECKING:
    from tests.fakes.cloud.functions import Functions

_METHODS: Final = {"GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"}
_URL: Final[Table] = {
    "functionName": "FunctionName",
    "qualifier": "Qualifier",
    "authorizationType": "AuthType",
    "invokeMode": "InvokeMode",
    "cors": (
        "Cors",
        {
            "allowOrigins": "AllowOrigins",
            "allowMethods": "AllowMethods",
            "allowHeaders": "AllowHeaders",
            "exposeHeaders": "ExposeHeaders",
            "allowCredentials": "AllowCredentials",
            "maxAge": "MaxAge",
        },
    ),
}
_PERMISSION: Final[Table] = {
    "action": "Action",
    "function": "FunctionName",
    "qualifier": "Qualifier",
    "principal": "Principal",
    "statementId": "StatementId",
    "functionUrlAuthType": "FunctionUrlAuthType",
    "invokedViaFunctionUrl": "InvokedViaFunctionUrl",
    "sourceAccount": "SourceAccount",
    "sourceArn": "SourceArn",
}


class FunctionUrls:
    """What there is at an account's functions to call them by.

    Args:
        functions: The account's functions, which keep it.
    """

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def kinds(self) -> dict[str, Kind]:
        """What programs make."""
        return {
            "aws:lambda/functionUrl:FunctionUrl": Kind(
                self._create_url,
                self._delete_url,
                self._update_url,
                outputs=frozenset({"functionArn", "functionUrl", "urlId"}),
                replaces=frozenset({"functionName", "qualifier"}),
            ),
            "aws:lambda/permission:Permission": Kind(
                self._add_permission,
                self._remove_permission,
                # All of it is ForceNew (permission.go): AWS has no call that changes a grant.
                replaces=frozenset(_PERMISSION),
                name=AutoName("statementId", 100),
            ),
        }

    def _create_url(self, inputs: Values) -> tuple[str, Values]:
        function, qualifier = inputs["functionName"], inputs.get("qualifier", "")
        sent = self._checked_url(inputs)
        stored = self._functions.found(function, qualifier)
        if qualifier in stored.urls:
            raise AwsError(
                "ResourceConflictException", f"Failed to create function url config for [{function}]"
            )
        stored.urls[qualifier] = sent
        if inputs["authorizationType"] == "NONE":
            # Only here (resourceFunctionURLCreate).
            public = {"FunctionName": function, "Principal": "*"} | (
                {"Qualifier": qualifier} if qualifier else {}
            )
            self._grant_unless_there(
                public
                | {
                    "StatementId": "FunctionURLAllowPublicAccess",
                    "Action": "lambda:InvokeFunctionUrl",
                    "FunctionUrlAuthType": "NONE",
                }
            )
            self._grant_unless_there(
                public
                | {
                    "StatementId": "FunctionURLAllowInvokeAction",
                    "Action": "lambda:InvokeFunction",
                    "InvokedViaFunctionUrl": True,
                }
            )
        address = hashlib.sha256(f"{self._functions.arn(function)}:{qualifier}".encode()).hexdigest()[:32]
        return f"{function}/{qualifier}" if qualifier else function, {
            "functionArn": self._functions.arn(function) + (f":{qualifier}" if qualifier else ""),
            "functionUrl": f"https://{address}.lambda-url.{self._functions.region}.on.aws/",
            "urlId": address,
        }

    def _update_url(self, _id: str, _olds: Values, news: Values) -> Values:
        # The provider changes the URL and no grant (resourceFunctionURLUpdate).
        self._functions.found(news["functionName"]).urls[news.get("qualifier", "")] = self._checked_url(news)
        return {}

    def _delete_url(self, _id: str, olds: Values) -> None:
        self._functions.found(olds["functionName"]).urls.pop(olds.get("qualifier", ""))

    def _checked_url(self, inputs: Values) -> Values:
        sent = parameters(inputs, _URL)
        check_call("lambda", "CreateFunctionUrlConfig", sent)
        cors = sent.get("Cors", {})
        wrong = [each for each in cors.get("AllowMethods", ()) if each not in _METHODS]
        if wrong:
            raise AwsError("ValidationException", f"{wrong} must satisfy enum value set: {sorted(_METHODS)}")
        if cors.get("AllowCredentials") and "*" in cors.get("AllowOrigins", ()):
            raise AwsError(
                "InvalidParameterValueException", "AllowOrigins must not be * where AllowCredentials is true"
            )
        return sent

    def _add_permission(self, inputs: Values) -> tuple[str, Values]:
        self._grant(parameters(inputs, _PERMISSION))
        return inputs["statementId"], {}

    def _grant_unless_there(self, sent: Values) -> None:
        try:
            self._grant(sent)
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise

    def _grant(self, sent: Values) -> None:
        check_call("lambda", "AddPermission", sent)
        qualifier, statement = sent.get("Qualifier", ""), sent["StatementId"]
        stored = self._functions.found(sent["FunctionName"], qualifier)
        if "FunctionUrlAuthType" in sent and sent["Action"] != "lambda:InvokeFunctionUrl":
            raise AwsError(
                "InvalidParameterValueException",
                "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
            )
        if "InvokedViaFunctionUrl" in sent and sent["Action"] != "lambda:InvokeFunction":
            raise AwsError(
                "InvalidParameterValueException",
                "InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action",
            )
        if not re.fullmatch(r"\*|\d{12}|arn:\S+|[a-z0-9.-]+\.amazonaws\.com", sent["Principal"]):
            raise AwsError("InvalidParameterValueException", "The provided principal was invalid.")
        grants = stored.grants.setdefault(qualifier, {})
        if statement in grants:
            raise AwsError(
                "ResourceConflictException",
                f"The statement id ({statement}) provided already exists. Please provide a new statement id",
            )
        grants[statement] = sent

    def _remove_permission(self, id_: str, olds: Values) -> None:
        stored = self._functions.stored.get(olds["function"])
        if stored is not None:
            stored.grants[olds.get("qualifier", "")].pop(id_)
