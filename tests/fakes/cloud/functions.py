"""Lambda: functions with their versions and aliases.

Facts, besides AWS's description of its API: a function is created in a role that Lambda may assume and from an image
that it may pull (CreateFunction); all variables have 4 KB (Lambda quotas); at least 100 executions of the account stay
unreserved (PutFunctionConcurrency); provisioned concurrency is for versions and aliases, and not more than what is
reserved. The Terraform provider (internal/service/lambda/function.go): publishing makes a version's number unknown in
a plan that changes code or configuration.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.cloud.api_model import AwsError, check_call
from tests.fakes.cloud.parameters import Table, parameters
from tests.fakes.cloud.provider import AutoName, Kind, Values, removed_from

if TYPE_CHECKING:
    from tests.fakes.cloud.identity import Roles
    from tests.fakes.cloud.registry import Registry

_FUNCTION: Final[Table] = {
    "name": "FunctionName",
    "role": "Role",
    "packageType": "PackageType",
    "imageUri": None,
    "imageConfig": (
        "ImageConfig",
        {"commands": "Command", "entryPoints": "EntryPoint", "workingDirectory": "WorkingDirectory"},
    ),
    "architectures": "Architectures",
    "memorySize": "MemorySize",
    "timeout": "Timeout",
    "description": "Description",
    "environment": None,
    "tracingConfig": ("TracingConfig", {"mode": "Mode"}),
    "loggingConfig": (
        "LoggingConfig",
        {
            "logGroup": "LogGroup",
            "logFormat": "LogFormat",
            "applicationLogLevel": "ApplicationLogLevel",
            "systemLogLevel": "SystemLogLevel",
        },
    ),
    "kmsKeyArn": "KMSKeyArn",
    "publish": "Publish",
    "reservedConcurrentExecutions": None,
    "tags": None,
}
_ALIAS: Final[Table] = {
    "name": "Name",
    "functionName": "FunctionName",
    "functionVersion": "FunctionVersion",
    "description": "Description",
}
# What changes only beside a version (needsFunctionConfigUpdate and needsFunctionCodeUpdate, function.go).
_BESIDE: Final = frozenset({"reservedConcurrentExecutions", "tags", "publish", "skipDestroy"})
_ENVIRONMENT_BYTES: Final = 4096
_UNRESERVED: Final = 100


@dataclass
class Stored:
    """A function as Lambda keeps it."""

    configuration: dict[str, Any]
    reserved: int | None = None
    versions: int = 0
    aliases: dict[str, str] = field(default_factory=dict)
    urls: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By qualifier ("" for none) and statement id."""


class Functions:
    """The account's functions in the region.

    Args:
        account: Its number.
        roles: Where a function's role is looked up.
        registry: Where its image is looked up.
        concurrency: The account's limit of concurrent executions.
    """

    def __init__(self, account: str, roles: Roles, registry: Registry, concurrency: int) -> None:
        self._account = account
        self._roles = roles
        self._registry = registry
        self._concurrency = concurrency
        self.region = ""
        self.stored: dict[str, Stored] = {}

    def kinds(self) -> dict[str, Kind]:
        """What programs make."""
        version = frozenset({"version", "qualifiedArn", "qualifiedInvokeArn"})
        return {
            "aws:lambda/function:Function": Kind(
                self._create,
                removed_from(self.stored),
                self._update,
                outputs=version | {"arn", "invokeArn", "responseStreamingInvokeArn", "lastModified"},
                replaces=frozenset({"name", "packageType"}),
                outdated=lambda olds, news, changed: (
                    (version if news.get("publish") else frozenset()) | {"lastModified"}
                    if changed - _BESIDE
                    else frozenset()
                ),
                name=AutoName(longest=64),
            ),
            "aws:lambda/alias:Alias": Kind(
                self._create_alias,
                self._delete_alias,
                self._update_alias,
                outputs=frozenset({"arn", "invokeArn"}),
                replaces=frozenset({"name", "functionName"}),
                name=AutoName(longest=128),
            ),
            "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": Kind(
                self._provision,
                lambda _id, _olds: None,
                lambda _id, _olds, news: self._provision(news)[1],
                replaces=frozenset({"functionName", "qualifier"}),
            ),
        }

    def arn(self, name: str) -> str:
        """A function's ARN."""
        return f"arn:aws:lambda:{self.region}:{self._account}:function:{name}"

    def _outputs(self, name: str) -> Values:
        stored, arn = self.stored[name], self.arn(name)
        version = str(stored.versions) if stored.versions else "$LATEST"
        gateway = f"arn:aws:apigateway:{self.region}:lambda:path/2015-03-31/functions/"
        return {
            "arn": arn,
            "invokeArn": f"{gateway}{arn}/invocations",
            "responseStreamingInvokeArn": (
                f"arn:aws:apigateway:{self.region}:lambda:path/2021-11-15/functions/{arn}/response-streaming-invocations"
            ),
            "version": version,
            "qualifiedArn": f"{arn}:{version}",
            "qualifiedInvokeArn": f"{gateway}{arn}:{version}/invocations",
            "lastModified": f"2026-11-21T00:00:{stored.versions % 60:02}.000+0000",
        }

    def _create(self, inputs: Values) -> tuple[str, Values]:
        name = inputs["name"]
        sent = self._checked(inputs)
        if name in self.stored:
            raise AwsError("ResourceConflictException", f"Function already exist: {name}")
        self.stored[name] = Stored(sent, versions=1 if inputs.get("publish") else 0)
        try:
            self._reserve(name, inputs)
        except AwsError:
            # The provider makes two calls; what the second refuses, the first has made.
            del self.stored[name]
            raise
        return name, self._outputs(name)

    def _update(self, id_: str, _olds: Values, news: Values) -> Values:
        stored, sent = self.stored[id_], self._checked(news)
        self._reserve(id_, news)
        if sent != stored.configuration and news.get("publish"):
            stored.versions += 1
        stored.configuration = sent
        return self._outputs(id_)

    def _checked(self, inputs: Values) -> Values:
        name, image = inputs["name"], inputs.get("imageUri")
        variables = inputs.get("environment", {}).get("variables", {})
        sent = parameters(inputs, _FUNCTION) | {
            "Code": {"ImageUri": image},
            "Environment": {"Variables": variables},
        }
        check_call("lambda", "CreateFunction", sent)
        reserved = sorted(key for key in variables if key.startswith(("AWS_", "_")))
        if reserved:
            raise AwsError(
                "InvalidParameterValueException",
                "Lambda was unable to configure your environment variables because the environment variables you have "
                f"provided contains reserved keys that are currently not supported for modification: {reserved}",
            )
        if len(json.dumps(variables, separators=(",", ":")).encode()) > _ENVIRONMENT_BYTES:
            raise AwsError(
                "InvalidParameterValueException",
                "Lambda was unable to configure your environment variables because the environment variables you have "
                "provided exceeded the 4KB limit.",
            )
        logging = sent.get("LoggingConfig", {})
        if logging.get("LogFormat") != "JSON" and {"ApplicationLogLevel", "SystemLogLevel"} & logging.keys():
            raise AwsError(
                "InvalidParameterValueException", "Log levels can only be set with the log format JSON."
            )
        self._roles.check_assumed_by_lambda(inputs["role"])
        self._registry.check_pull_by_lambda(str(image), self.arn(name))
        return sent

    def _reserve(self, name: str, inputs: Values) -> None:
        wanted = inputs.get("reservedConcurrentExecutions", -1)
        if wanted < 0:
            self.stored[name].reserved = None
            return
        check_call(
            "lambda", "PutFunctionConcurrency", {"FunctionName": name, "ReservedConcurrentExecutions": wanted}
        )
        others = sum(each.reserved or 0 for key, each in self.stored.items() if key != name)
        if self._concurrency - others - wanted < _UNRESERVED:
            raise AwsError(
                "InvalidParameterValueException",
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{_UNRESERVED}].",
            )
        self.stored[name].reserved = wanted

    def found(self, name: str, qualifier: str = "") -> Stored:
        """A function, which has what the qualifier names."""
        stored = self.stored.get(name)
        if stored is None or (qualifier and qualifier not in stored.aliases and not qualifier.isdecimal()):
            raise AwsError("ResourceNotFoundException", f"Function not found: {self.arn(name)}:{qualifier}")
        return stored

    def _create_alias(self, inputs: Values) -> tuple[str, Values]:
        check_call("lambda", "CreateAlias", parameters(inputs, _ALIAS))
        function, name = inputs["functionName"], inputs["name"]
        stored = self.found(function)
        if name in stored.aliases:
            raise AwsError("ResourceConflictException", f"Alias already exists: {self.arn(function)}:{name}")
        self._point(stored, inputs)
        arn = f"{self.arn(function)}:{name}"
        return arn, {
            "arn": arn,
            "invokeArn": f"arn:aws:apigateway:{self.region}:lambda:path/{arn}/invocations",
        }

    def _update_alias(self, _id: str, _olds: Values, news: Values) -> Values:
        self._point(self.found(news["functionName"]), news)
        return {}

    def _point(self, stored: Stored, inputs: Values) -> None:
        version = inputs["functionVersion"]
        if version != "$LATEST" and not 1 <= int(version) <= stored.versions:
            raise AwsError("ResourceNotFoundException", f"Function not found: version {version}")
        stored.aliases[inputs["name"]] = version

    def _delete_alias(self, _id: str, olds: Values) -> None:
        self.found(olds["functionName"]).aliases.pop(olds["name"])

    def _provision(self, inputs: Values) -> tuple[str, Values]:
        function, qualifier = inputs["functionName"], inputs["qualifier"]
        wanted = inputs["provisionedConcurrentExecutions"]
        sent = {"FunctionName": function, "Qualifier": qualifier, "ProvisionedConcurrentExecutions": wanted}
        check_call("lambda", "PutProvisionedConcurrencyConfig", sent)
        stored = self.found(function, qualifier)
        if stored.aliases.get(qualifier, qualifier) == "$LATEST":
            raise AwsError(
                "InvalidParameterValueException",
                "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
            )
        if stored.reserved is not None and wanted > stored.reserved:
            raise AwsError(
                "InvalidParameterValueException",
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                "function",
            )
        return f"{function},{qualifier}", {}
