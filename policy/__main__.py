"""The pack, as Pulumi starts it: `pulumi preview --policy-pack policy`."""

from __future__ import annotations

import sys
from pathlib import Path

# Pulumi runs this folder, so that its modules would be found by their bare names, and `policy` not at all.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pulumi_policy import PolicyPack  # noqa: E402 - the path comes first

from policy.pack import POLICIES  # noqa: E402 - the path comes first

if __name__ == "__main__":
    PolicyPack("lambda-token-streaming", policies=list(POLICIES))
