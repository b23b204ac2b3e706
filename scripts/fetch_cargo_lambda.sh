#!/usr/bin/env bash
# Prints the path of cargo-lambda, a local Lambda of other people that streams as well, and fetches it first where
# .cache/ does not have it: out of its wheel, by requirements/cargo-lambda.txt. It asks `cargo` for a project's
# binaries, so cargo must be on PATH when it runs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh
# shellcheck source=scripts/wheel_file.sh
source scripts/wheel_file.sh

command -v cargo >/dev/null ||
  fail "cargo is missing, which cargo-lambda asks about its project. Install Rust (https://rustup.rs, or Debian: apt-get install cargo)."
version=$(locked_version requirements/cargo-lambda.txt cargo-lambda)
wheel_file requirements/cargo-lambda.txt "*.data/scripts/cargo-lambda" \
  "$PWD/.cache/cargo-lambda/$version/cargo-lambda" "cargo-lambda $version (14 MB)"
