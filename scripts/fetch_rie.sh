#!/usr/bin/env bash
# Prints the path of AWS's runtime interface emulator (RIE) for x86_64, arm64 or this host, and fetches it first
# where .cache/ does not have it: out of the wheel of aws-sam-cli, which carries it, by requirements/rie.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh
# shellcheck source=scripts/wheel_file.sh
source scripts/wheel_file.sh

machine=${1:?usage: fetch_rie.sh x86_64|arm64|host}
if [[ $machine == host ]]; then
  [[ $(uname -s) == Linux ]] ||
    fail "AWS's runtime interface emulator is a Linux program. Here it runs in Docker alone: make test-streaming"
  machine=$(uname -m)
fi
case $machine in
  aarch64) machine=arm64 ;;
  x86_64 | arm64) ;;
  *) fail "The runtime interface emulator exists for x86_64 and arm64, not for $machine." ;;
esac

version=$(locked_version requirements/rie.txt aws-sam-cli)
wheel_file requirements/rie.txt "samcli/local/rapid/aws-lambda-rie-$machine" \
  "$PWD/.cache/rie/$version/aws-lambda-rie-$machine" \
  "the runtime interface emulator (aws-sam-cli $version, 8 MB)"
