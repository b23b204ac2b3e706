"""An AWS account behind a stand-in for Pulumi's provider `aws`."""

from __future__ import annotations

from typing import Final

from tests.fakes.cloud.api_model import AwsError
from tests.fakes.cloud.function_urls import FunctionUrls
from tests.fakes.cloud.functions import Functions
from tests.fakes.cloud.identity import Roles, Secrets
from tests.fakes.cloud.provider import Provider, Values
from tests.fakes.cloud.registry import Registry
from tests.fakes.cloud.watching import Watching

NUMBER: Final = "123456789012"


class AwsProvider(Provider):
    """What the stack makes in one account and one region.

    Args:
        concurrency: The account's limit of concurrent executions.
    """

    def __init__(self, concurrency: int = 1000) -> None:
        self.registry = Registry(NUMBER)
        self.roles = Roles(NUMBER)
        self.secrets = Secrets(NUMBER)
        self.watching = Watching(NUMBER)
        self.functions = Functions(NUMBER, self.roles, self.registry, concurrency)
        urls = FunctionUrls(self.functions)
        parts = (self.registry, self.roles, self.secrets, self.watching, self.functions, urls)
        super().__init__(
            "aws",
            {type_: kind for part in parts for type_, kind in part.kinds().items()},
            self.registry.functions(),
            "7.51.1",
        )

    def configure(self, settings: Values) -> None:
        """Takes the region, without which the real one refuses to start."""
        if not settings.get("region"):
            raise AwsError("aws", "Missing region configuration: pulumi config set aws:region REGION")
        for part in (self.registry, self.secrets, self.watching, self.functions):
            part.region = settings["region"]
