#!/usr/bin/env bash
# The checks of the local test cycle without Docker: the runtime interface emulator runs the function of this
# working tree. The function gets the variables of docs/configuration.md as they are set here.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh
# shellcheck source=scripts/function_environment.sh
source scripts/function_environment.sh

# Before anything waits for it to answer.
bash scripts/fetch_rie.sh host >/dev/null
log=$(mktemp)
emulator=''

stop() {
  if [[ -n $emulator ]]; then
    kill "$emulator" 2>/dev/null || true
    wait "$emulator" 2>/dev/null || true
    emulator=''
  fi
}
trap 'stop; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

options=()
settings_say names_a_key && options=(--with-model)
for kind in streaming buffered; do
  handler=chat.app.handler
  [[ $kind == streaming ]] && handler=chat.app.streaming_handler
  port=$(.venv/bin/python -m scripts.free_ports 1)
  bash scripts/rie_function.sh "$port" "$handler" >"$log" 2>&1 &
  emulator=$!
  printf '%s under the runtime interface emulator:\n' "$handler"
  if ! .venv/bin/python -m scripts.check_function "127.0.0.1:$port" --handler "$kind" ${options[@]+"${options[@]}"}; then
    note "Log of the emulator and the function:"
    tail -n 60 "$log" >&2
    exit 1
  fi
  stop
done
note "The emulator hands answers on whole: this proves the wire. make demo shows tokens as they flow."
