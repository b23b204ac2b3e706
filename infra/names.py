"""What the stack's resources are called."""

from __future__ import annotations

import hashlib
import re
from typing import Final

# A role and a function have 64 characters, of which "-streaming" and Pulumi's own "-1234567" take 18.
_LONGEST: Final = 46


def prefix(project: str, stack: str) -> str:
    """What all names begin with: `PROJECT-STACK`, as every AWS service takes it.

    A stack may have capitals, dots and underscores, of which ECR or Lambda refuse one or the other. Names that had to
    be changed end with a hash of what they were, so that two stacks never share one.
    """
    given = f"{project}-{stack}"
    name = re.sub(r"[^a-z0-9]+", "-", given.lower()).strip("-")
    if name == given and len(name) <= _LONGEST:
        return name
    mark = hashlib.sha256(given.encode()).hexdigest()[:6]
    return f"{name[: _LONGEST - len(mark) - 1].rstrip('-')}-{mark}"
