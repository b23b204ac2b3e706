"""ECR: repositories that the stack makes, and the registry that images are pushed to.

Facts (ECR's user guide and API reference): a token lives for twelve hours; a tag of an immutable repository is never
used twice; a repository with images is deleted by force alone; encryption and name cannot be changed.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.cloud import policy_documents
from tests.fakes.cloud.api_model import AwsError, check_call
from tests.fakes.cloud.parameters import Table, parameters
from tests.fakes.cloud.provider import AutoName, Kind, Values

MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
INDEX: Final = "application/vnd.oci.image.index.v1+json"
_REPOSITORY: Final[Table] = {
    "name": "repositoryName",
    "imageTagMutability": "imageTagMutability",
    "imageScanningConfiguration": ("imageScanningConfiguration", {"scanOnPush": "scanOnPush"}),
    "encryptionConfigurations": (
        "encryptionConfiguration",
        {"encryptionType": "encryptionType", "kmsKey": "kmsKey"},
    ),
    "forceDelete": None,
    "tags": None,
}


@dataclass
class Stored:
    """A repository and what is in it: media types by digest, digests by tag."""

    immutable: bool
    images: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None


class Registry:
    """An account's private registry."""

    def __init__(self, account: str) -> None:
        self._account = account
        self.region = ""
        self.repositories: dict[str, Stored] = {}
        self.refuse_pushes = False
        self._issued = 0
        self._tokens: set[str] = set()

    @property
    def host(self) -> str:
        return f"{self._account}.dkr.ecr.{self.region}.amazonaws.com"

    def let_tokens_expire(self) -> None:
        """Let twelve hours pass."""
        self._tokens.clear()

    def add_image(self, repository: str, digest: str) -> None:
        """An image that somebody else has pushed, for Lambda to take."""
        stored = self.repositories.setdefault(repository, Stored(immutable=True, policy=_OPEN_TO_LAMBDA))
        stored.images[digest] = MANIFEST

    def push(self, reference: str, password: str, digest: str, media_type: str) -> None:
        """What `docker push` does, with the registry's own refusals."""
        if password not in self._tokens or self.refuse_pushes:
            raise AwsError("denied", "Your authorization token has expired. Reauthenticate and try again.")
        host, _, path = reference.partition("/")
        name, _, tag = path.partition(":")
        if host != self.host or name not in self.repositories:
            raise AwsError(
                "name unknown", f"The repository with name '{name}' does not exist in the registry"
            )
        stored = self.repositories[name]
        if stored.immutable and tag in stored.tags:
            raise AwsError(
                "tag invalid",
                f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because "
                "the repository is immutable.",
            )
        stored.images[digest] = media_type
        stored.tags[tag] = digest

    def check_pull_by_lambda(self, uri: str, function_arn: str) -> None:
        """What CreateFunction looks at before it takes an image."""
        wrong = AwsError(
            "InvalidParameterValueException",
            f"Source image {uri} is not valid. Provide a valid source image.",
        )
        host, _, path = uri.partition("/")
        name, at, digest = path.partition("@")
        if at and ":" in name:
            raise wrong
        if not at:
            name, _, tag = path.partition(":")
            stored = self.repositories.get(name)
            digest = stored.tags.get(tag, "") if stored else ""
        if at and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            raise wrong
        stored = self.repositories.get(name)
        if host != self.host or stored is None or digest not in stored.images:
            raise AwsError(
                "InvalidParameterValueException",
                f"Source image {uri} does not exist. Provide a valid source image.",
            )
        if stored.images[digest] != MANIFEST:
            raise AwsError(
                "InvalidParameterValueException",
                "The image manifest, config or layer media type for the source image is not supported.",
            )
        # Lambda would add the grant itself, if the one who deploys may set the repository's policy; here they may not.
        source = {"aws:SourceArn": function_arn, "aws:SourceAccount": self._account}
        wanted = {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
        found = policy_documents.statements(stored.policy, attached_to="resource") if stored.policy else []
        if not policy_documents.service_may(found, "lambda.amazonaws.com", wanted, source):
            raise AwsError(
                "AccessDeniedException",
                "Lambda does not have permission to access the ECR image. Check the ECR permissions.",
            )

    def functions(self) -> dict[str, Any]:
        """What programs call."""
        return {"aws:ecr/getAuthorizationToken:getAuthorizationToken": self._authorization_token}

    def kinds(self) -> dict[str, Kind]:
        """What programs make."""
        return {
            "aws:ecr/repository:Repository": Kind(
                self._create_repository,
                self._delete_repository,
                self._update_repository,
                outputs=frozenset({"arn", "registryId", "repositoryUrl"}),
                replaces=frozenset({"name", "encryptionConfigurations"}),
                name=AutoName(longest=256),
            ),
            "aws:ecr/lifecyclePolicy:LifecyclePolicy": Kind(
                self._put_lifecycle_policy,
                lambda _id, _olds: None,
                lambda _id, _olds, news: self._put_lifecycle_policy(news)[1],
                outputs=frozenset({"registryId"}),
                replaces=frozenset({"repository", "policy"}),
            ),
            "aws:ecr/repositoryPolicy:RepositoryPolicy": Kind(
                self._put_policy,
                lambda _id, olds: self._drop_policy(olds["repository"]),
                lambda _id, _olds, news: self._put_policy(news)[1],
                outputs=frozenset({"registryId"}),
                replaces=frozenset({"repository"}),
            ),
        }

    def _authorization_token(self, arguments: Values) -> Values:
        if arguments.get("registryId", self._account) != self._account:
            raise AwsError("InvalidParameterException", "The registry is another account's.")
        self._issued += 1
        password = base64.b64encode(f"registry-token-{self._issued}".encode()).decode()
        self._tokens.add(password)
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        return {
            "authorizationToken": token,
            "expiresAt": "2026-11-21T12:00:00Z",
            "id": self.region,
            "password": password,
            "proxyEndpoint": f"https://{self.host}",
            "region": self.region,
            "registryId": self._account,
            "userName": "AWS",
        }

    def _create_repository(self, inputs: Values) -> tuple[str, Values]:
        sent = parameters(inputs, _REPOSITORY)
        # A list with at most one member, says the provider.
        sent["encryptionConfiguration"] = (
            sent.get("encryptionConfiguration") or [{"encryptionType": "AES256"}]
        )[0]
        check_call("ecr", "CreateRepository", sent)
        name = inputs["name"]
        if name in self.repositories:
            raise AwsError(
                "RepositoryAlreadyExistsException", f"The repository with name '{name}' already exists"
            )
        self.repositories[name] = Stored(immutable=inputs.get("imageTagMutability") == "IMMUTABLE")
        arn = f"arn:aws:ecr:{self.region}:{self._account}:repository/{name}"
        return name, {"arn": arn, "registryId": self._account, "repositoryUrl": f"{self.host}/{name}"}

    def _update_repository(self, id_: str, _olds: Values, news: Values) -> Values:
        self.repositories[id_].immutable = news.get("imageTagMutability") == "IMMUTABLE"
        return {}

    def _delete_repository(self, id_: str, olds: Values) -> None:
        if self.repositories[id_].images and not olds.get("forceDelete"):
            raise AwsError(
                "RepositoryNotEmptyException",
                f"The repository with name '{id_}' cannot be deleted because it still contains images",
            )
        del self.repositories[id_]

    def _put_lifecycle_policy(self, inputs: Values) -> tuple[str, Values]:
        text = inputs["policy"]
        check_call(
            "ecr", "PutLifecyclePolicy", {"repositoryName": inputs["repository"], "lifecyclePolicyText": text}
        )
        rules = json.loads(text)["rules"]
        if len({rule["rulePriority"] for rule in rules}) != len(rules):
            raise AwsError(
                "InvalidParameterException", "Lifecycle policy validation failure: priorities must differ"
            )
        return inputs["repository"], {"registryId": self._account}

    def _put_policy(self, inputs: Values) -> tuple[str, Values]:
        name, text = inputs["repository"], inputs["policy"]
        check_call("ecr", "SetRepositoryPolicy", {"repositoryName": name, "policyText": text})
        policy_documents.statements(text, attached_to="resource")
        self.repositories[name].policy = text
        return name, {"registryId": self._account}

    def _drop_policy(self, name: str) -> None:
        if name in self.repositories:
            self.repositories[name].policy = None


_OPEN_TO_LAMBDA: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            }
        ],
    }
)
