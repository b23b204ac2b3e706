#!/usr/bin/env bash
# Prints the path of AWS Lambda Web Adapter, the peer of `make bench`, and builds it first where .cache/ does not
# have it: the crate lambda_web_adapter, by cargo (a few minutes, once).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh

version=0.9.1
root=$PWD/.cache/lambda-web-adapter/$version
if [[ ! -x $root/bin/lambda-adapter ]]; then
  command -v cargo >/dev/null ||
    fail "cargo is missing, so the peers' adapter cannot be built. Install Rust (https://rustup.rs, or Debian: apt-get install cargo)."
  note "Building AWS Lambda Web Adapter $version (a few minutes, once) …"
  cargo install --quiet --locked --root "$root" "lambda_web_adapter@$version" >&2 ||
    fail "AWS Lambda Web Adapter could not be built: cargo's own words are above."
fi
printf '%s\n' "$root/bin/lambda-adapter"
