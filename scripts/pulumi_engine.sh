#!/usr/bin/env bash
# Prints the path of a Pulumi engine (the pulumi command) for the tests that drive one.
#
#   pulumi_engine.sh             the one on PATH (3.200 or newer), or the one in .cache/
#   pulumi_engine.sh --build     where there is neither, builds it from Go modules into .cache/ (minutes, once)
#
# The build is that of pulumi_engine/: go.mod has its version, go.sum the hash of every module. It has no language
# hosts, so it runs the tests' inline programs and not `pulumi up`, which takes Pulumi's own installer.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh

command=github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
version=$(sed -n 's#^require github.com/pulumi/pulumi/pkg/v3 v\([0-9.]*\).*#\1#p' scripts/pulumi_engine/go.mod)
cached=$PWD/.cache/pulumi/$version/pulumi
[[ $# == 0 || $* == --build ]] || fail "usage: pulumi_engine.sh [--build]"

# Whether version $1 (1.2 or 1.2.3, more behind it is of no account) is at least $2.
is_at_least() {
  local a b
  IFS=. read -r -a a <<<"${1%%[!0-9.]*}"
  IFS=. read -r -a b <<<"$2"
  local i
  for i in 0 1 2; do
    ((10#0${a[i]:-0} == 10#0${b[i]:-0})) || { ((10#0${a[i]:-0} > 10#0${b[i]:-0})); return; }
  done
}

installed=$(type -P pulumi || true)
if [[ -n $installed ]]; then
  # Neither a question to Pulumi's servers nor a home folder for a look at the version.
  found=$(PULUMI_SKIP_UPDATE_CHECK=true "$installed" version 2>/dev/null || true)
  found=${found#v}
  if [[ $found == 3.* ]] && is_at_least "$found" 3.200; then
    printf '%s\n' "$installed"
    exit
  fi
  note "pulumi on PATH ($installed) is version ${found:-unknown}; the tests want 3.200 or newer of 3."
fi

if [[ ! -x $cached ]]; then
  [[ ${1:-} == --build ]] ||
    fail "There is no Pulumi engine. Install Pulumi (https://www.pulumi.com/docs/install/), or build one with Go: bash scripts/pulumi_engine.sh --build"
  needed=$(sed -n 's/^go \([0-9.]*\).*/\1/p' scripts/pulumi_engine/go.mod)
  advice="Install Go $needed or newer (https://go.dev/dl/), or Pulumi itself (https://www.pulumi.com/docs/install/)."
  command -v go >/dev/null || fail "go is missing, so the Pulumi engine cannot be built. $advice"
  go=$(go env GOVERSION 2>/dev/null || true)
  go=${go#go}
  # From 1.21 on, Go fetches the newer Go that a module asks for, unless it is told to stay with itself.
  if ! is_at_least "$go" "$needed"; then
    is_at_least "$go" 1.21 && [[ $(go env GOTOOLCHAIN) != local ]] ||
      fail "go is version ${go:-unknown}, too old to build the Pulumi engine. $advice"
  fi
  note "Building the Pulumi engine $version from Go modules (some minutes and 3 GB of Go's caches, once) …"
  started=$SECONDS
  mkdir -p "${cached%/*}"
  made=$cached.$$
  trap 'rm -f "$made"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # Without cgo: it needs no C compiler, and its probes of one have removed /dev/null where root built.
  (cd scripts/pulumi_engine && CGO_ENABLED=0 go build -mod=readonly -buildvcs=false -o "$made" \
    -ldflags "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" "$command") >&2 ||
    fail "The Pulumi engine was not built; Go's own words are above. Go takes its modules from GOPROXY ($(go env GOPROXY))."
  # One rename: two runs at once never see half a file.
  mv "$made" "$cached"
  note "Built in $((SECONDS - started)) s."
fi
printf '%s\n' "$cached"
