#!/usr/bin/env bash
# Fails where requirements/*.txt are not what pyproject.toml gives, and leaves them written anew.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh

before=$(cat requirements/*.txt)
bash scripts/lock.sh
[[ $before == "$(cat requirements/*.txt)" ]] ||
  fail "requirements/*.txt did not match pyproject.toml and have been written anew: look at them and commit them."
ok "locks: requirements/*.txt match pyproject.toml"
