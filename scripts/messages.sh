# shellcheck shell=bash
# How the scripts talk: what was proved goes to standard output, everything else to standard error.

ok() { printf '  ok    %s\n' "$1"; }

note() { printf '%s\n' "$*" >&2; }

fail() {
  printf '  FAIL  %s\n' "$*" >&2
  exit 1
}
