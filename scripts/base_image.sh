#!/usr/bin/env bash
# Makes a base image for Dockerfile.streaming where none can be pulled: Debian's own Python 3.13, by debootstrap.
#
#   base_image.sh NAME     needs root and debootstrap; does nothing where Docker already has NAME
#
# It stands in for AWS's Python image in tests. The Debian packages are kept in .cache/, so that the second time
# needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh
# shellcheck source=scripts/docker_client.sh
source scripts/docker_client.sh

name=${1:?usage: base_image.sh NAME}
require_docker
if "$docker" image inspect "$name" >/dev/null 2>&1; then
  ok "base image: $name is there"
  exit
fi
[[ $(id -u) == 0 ]] || fail "A base image from Debian needs root, for debootstrap. Where images can be pulled none is needed."
command -v debootstrap >/dev/null || fail "debootstrap is missing. On Debian and Ubuntu: apt-get install debootstrap"

archive=$PWD/.cache/base/trixie-$(uname -m).tar.gz
if [[ ! -f $archive ]]; then
  note "Making a base image from Debian's packages (a minute, once) …"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates trixie "$work/root" >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    fail "debootstrap failed; its last words are above."
  }
  # What this machine trusts, pip in a build has to trust as well.
  cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"
  # AWS's image has no findutils: a build that needs them must fail here as well.
  rm -f "$work/root/usr/bin/find" "$work/root/usr/bin/xargs"
  mkdir -p "${archive%/*}"
  tar -C "$work/root" --exclude='./var/cache/apt/archives/*.deb' -c . | gzip -1 >"$archive.$$"
  mv "$archive.$$" "$archive"
fi
gunzip -c "$archive" | "$docker" import - "$name" >/dev/null
ok "base image: $name, made from Debian's packages"
