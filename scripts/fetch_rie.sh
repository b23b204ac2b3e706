#!/usr/bin/env bash
# Prints the path of AWS's runtime interface emulator (RIE) for a machine, x86_64 or arm64, and fetches it first
# where .cache/ does not have it: out of the wheel of aws-sam-cli, which carries it, by requirements/rie.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh

machine=${1:?usage: fetch_rie.sh x86_64|arm64}
case $machine in
  x86_64 | arm64) ;;
  *) fail "The runtime interface emulator exists for x86_64 and arm64, not for $machine." ;;
esac

version=$(sed -n 's/^aws-sam-cli==\([0-9.]*\).*/\1/p' requirements/rie.txt)
cached=$PWD/.cache/rie/$version/aws-lambda-rie-$machine
if [[ ! -x $cached ]]; then
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  note "Fetching the runtime interface emulator (aws-sam-cli $version, 8 MB, once) …"
  .venv/bin/python -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    -d "$download" -r requirements/rie.txt ||
    fail "The runtime interface emulator could not be fetched: pip's own words are above. It comes from the package aws-sam-cli; try again with a network that reaches the package index."
  .venv/bin/python - "$download"/*.whl "samcli/local/rapid/${cached##*/}" >"$download/rie" <<'PYTHON'
import sys, zipfile
sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))
PYTHON
  chmod 755 "$download/rie"
  mkdir -p "${cached%/*}"
  # One rename: two runs at once never see half a file.
  cp "$download/rie" "$cached.$$"
  mv "$cached.$$" "$cached"
fi
printf '%s\n' "$cached"
