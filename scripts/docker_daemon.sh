#!/usr/bin/env bash
# Starts Docker's daemon by hand on a machine without a service manager, and stops what it started: start | stop.
#
# Where a daemon answers already, start does nothing, and stop leaves it alone. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh

state=$PWD/.cache/docker-daemon
pid_file=$state/pid

answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
is_ours() { [[ -f $pid_file ]] && [[ $(cat "/proc/$(cat "$pid_file")/comm" 2>/dev/null) == dockerd ]]; }

start() {
  if answers; then
    ok "Docker: the daemon runs already"
    return
  fi
  [[ $(id -u) == 0 ]] || fail "Starting Docker's daemon needs root."
  command -v dockerd >/dev/null || fail "dockerd is missing. On Debian and Ubuntu: apt-get install docker.io"
  mkdir -p "$state"
  # The file of a daemon that was killed would keep a new one from starting.
  is_ours || rm -f "$pid_file"
  # No other descriptor of the caller: a pipe held open here would keep its reader waiting for ever.
  setsid dockerd --pidfile "$pid_file" </dev/null >"$state/log" 2>&1 &
  local daemon=$! waited
  for ((waited = 0; waited < 300; waited++)); do
    if answers; then
      ok "Docker: started the daemon"
      return
    fi
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$state/log" >&2
  fail "Docker's daemon did not start; its last words are above."
}

stop() {
  is_ours || return 0
  local pid waited
  pid=$(cat "$pid_file")
  kill "$pid"
  for ((waited = 0; waited < 150; waited++)); do
    if ! kill -0 "$pid" 2>/dev/null; then
      ok "Docker: stopped the daemon that was started here"
      return
    fi
    sleep 0.2
  done
  fail "Docker's daemon (process $pid) did not stop within 30 seconds."
}

case ${1:-} in
  start | stop) "$1" ;;
  *) fail "usage: docker_daemon.sh start|stop" ;;
esac
