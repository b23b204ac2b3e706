#!/usr/bin/env bash
# Makes .venv: Python's own venv, uv from its hashed lock, then the rest by uv from hashed locks.
set -euo pipefail
python=${1:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "setup: '$python' is missing or older than 3.11. Install Python 3.11 or newer, or name one: make setup PYTHON=python3.13" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "setup: '$python' has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2
  exit 1
fi
# A .venv of an older interpreter, or one cut off half-way, is made anew.
if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "setup: making .venv with $("$python" --version) (once; a minute or two, by the network)" >&2
  "$python" -m venv --clear .venv
fi
echo "setup: installing the locked packages into .venv" >&2
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
.venv/bin/uv pip sync -q --python .venv/bin/python --require-hashes requirements/uv.txt requirements/dev.txt
