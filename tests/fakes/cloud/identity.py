"""IAM roles and Secrets Manager's secrets.

Facts (IAM's and Secrets Manager's API references): a role is deleted only when its policies are gone; its inline
policies have 10,240 characters in all; a deleted secret keeps its name for its recovery window. The provider replaces
a secret's version when its text changes, and the deleted one keeps AWSPREVIOUS.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from tests.fakes.cloud import policy_documents
from tests.fakes.cloud.api_model import AwsError, check_call
from tests.fakes.cloud.parameters import Table, parameters
from tests.fakes.cloud.provider import AutoName, Kind, Values

_ROLE: Final[Table] = {
    "name": "RoleName",
    "assumeRolePolicy": "AssumeRolePolicyDocument",
    "permissionsBoundary": "PermissionsBoundary",
    "description": "Description",
    "tags": None,
}
_SECRET: Final[Table] = {"name": "Name", "description": "Description", "kmsKeyId": "KmsKeyId", "tags": None}
_POLICIES_LENGTH: Final = 10_240


class Roles:
    """The account's roles: trust policy and inline policies by name."""

    def __init__(self, account: str) -> None:
        self._account = account
        self.trust: dict[str, str] = {}
        self.policies: dict[str, dict[str, str]] = {}

    def check_assumed_by_lambda(self, arn: str) -> None:
        """What CreateFunction looks at."""
        name = arn.rpartition("/")[2]
        found = (
            policy_documents.statements(self.trust[name], attached_to="trust") if name in self.trust else []
        )
        if not policy_documents.service_may(found, "lambda.amazonaws.com", {"sts:AssumeRole"}, {}):
            raise AwsError(
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            )

    def kinds(self) -> dict[str, Kind]:
        """What programs make."""
        return {
            "aws:iam/role:Role": Kind(
                self._create,
                self._delete,
                self._update,
                outputs=frozenset({"arn", "uniqueId", "createDate"}),
                replaces=frozenset({"name"}),
                name=AutoName(longest=64),
            ),
            "aws:iam/rolePolicy:RolePolicy": Kind(
                self._put_policy,
                self._delete_policy,
                lambda _id, _olds, news: self._put_policy(news)[1],
                replaces=frozenset({"role", "name"}),
                name=AutoName(longest=128),
            ),
        }

    def _create(self, inputs: Values) -> tuple[str, Values]:
        check_call("iam", "CreateRole", parameters(inputs, _ROLE))
        name = inputs["name"]
        policy_documents.statements(inputs["assumeRolePolicy"], attached_to="trust")
        if name in self.trust:
            raise AwsError("EntityAlreadyExists", f"Role with name {name} already exists.")
        self.trust[name], self.policies[name] = inputs["assumeRolePolicy"], {}
        unique = hashlib.sha256(name.encode()).hexdigest()[:17].upper()
        arn = f"arn:aws:iam::{self._account}:role/{name}"
        return name, {"arn": arn, "uniqueId": f"AROA{unique}", "createDate": "2026-11-21T00:00:00Z"}

    def _update(self, id_: str, _olds: Values, news: Values) -> Values:
        policy_documents.statements(news["assumeRolePolicy"], attached_to="trust")
        self.trust[id_] = news["assumeRolePolicy"]
        return {}

    def _delete(self, id_: str, _olds: Values) -> None:
        if self.policies[id_]:
            raise AwsError("DeleteConflict", "Cannot delete entity, must delete policies first.")
        del self.trust[id_], self.policies[id_]

    def _put_policy(self, inputs: Values) -> tuple[str, Values]:
        role, name, text = inputs["role"], inputs["name"], inputs["policy"]
        check_call("iam", "PutRolePolicy", {"RoleName": role, "PolicyName": name, "PolicyDocument": text})
        policy_documents.statements(text, attached_to="identity")
        if role not in self.trust:
            raise AwsError("NoSuchEntity", f"The role with name {role} cannot be found.")
        after = self.policies[role] | {name: text}
        if sum(len(re.sub(r"\s", "", each)) for each in after.values()) > _POLICIES_LENGTH:
            raise AwsError("LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {role}")
        self.policies[role] = after
        return f"{role}:{name}", {}

    def _delete_policy(self, _id: str, olds: Values) -> None:
        del self.policies[olds["role"]][olds["name"]]


class Secrets:
    """The account's secrets: their versions' texts by ARN, newest last."""

    def __init__(self, account: str) -> None:
        self._account = account
        self.region = ""
        self.versions: dict[str, list[str]] = {}
        self._names: set[str] = set()
        self._scheduled: set[str] = set()

    def kinds(self) -> dict[str, Kind]:
        """What programs make."""
        return {
            "aws:secretsmanager/secret:Secret": Kind(
                self._create,
                self._delete,
                self._update,
                outputs=frozenset({"arn"}),
                replaces=frozenset({"name"}),
                name=AutoName(longest=512),
            ),
            "aws:secretsmanager/secretVersion:SecretVersion": Kind(
                self._put,
                # The label AWSCURRENT cannot be taken away; the text stays until the secret goes.
                lambda _id, _olds: None,
                outputs=frozenset({"arn", "versionId", "versionStages"}),
                replaces=frozenset({"secretId", "secretString", "secretBinary"}),
                secret=frozenset({"secretString", "secretBinary"}),
            ),
        }

    def _create(self, inputs: Values) -> tuple[str, Values]:
        check_call("secretsmanager", "CreateSecret", parameters(inputs, _SECRET))
        name = inputs["name"]
        if name in self._scheduled:
            raise AwsError(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )
        if name in self._names:
            raise AwsError(
                "ResourceExistsException", f"The operation failed because the secret {name} already exists."
            )
        self._names.add(name)
        suffix = hashlib.sha256(name.encode()).hexdigest()[:6]
        arn = f"arn:aws:secretsmanager:{self.region}:{self._account}:secret:{name}-{suffix}"
        self.versions[arn] = []
        return arn, {"arn": arn}

    def _update(self, _id: str, _olds: Values, news: Values) -> Values:
        check_call("secretsmanager", "CreateSecret", parameters(news, _SECRET))
        return {}

    def _delete(self, id_: str, olds: Values) -> None:
        del self.versions[id_]
        self._names.discard(olds["name"])
        self._scheduled.add(olds["name"])

    def _put(self, inputs: Values) -> tuple[str, Values]:
        secret, text = inputs["secretId"], inputs["secretString"]
        check_call("secretsmanager", "PutSecretValue", {"SecretId": secret, "SecretString": text})
        if secret not in self.versions:
            raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        self.versions[secret].append(text)
        version = hashlib.sha256(f"{secret}{len(self.versions[secret])}".encode()).hexdigest()[:32]
        return f"{secret}|{version}", {"arn": secret, "versionId": version, "versionStages": ["AWSCURRENT"]}
