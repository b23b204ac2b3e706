#!/usr/bin/env bash
# The local test cycle on the function's image: build | run | curl | stop | all.
#
#   PORT       of the function on this machine (9000)
#   HANDLER    chat.app.streaming_handler (the image's own command) or chat.app.handler
#   IMAGE      name of the image (lambda-token-streaming:local)
#   BASE_IMAGE, BUILD_IMAGE, PLATFORM   see Dockerfile.streaming
#   LITELLM    1 or 0; where it is not set, CHAT_MODEL decides as it does in the function
#
# The function gets the variables of docs/configuration.md as they are set here.
#
# Written for bash 3.2 as well, which is what macOS has.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh
# shellcheck source=scripts/docker_client.sh
source scripts/docker_client.sh
# shellcheck source=scripts/function_environment.sh
source scripts/function_environment.sh

port=${PORT:-9000}
image=${IMAGE:-lambda-token-streaming:local}
handler=${HANDLER:-chat.app.streaming_handler}
container=lambda-token-streaming-$port
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
  fail "PORT is '$port'; it must be a number from 1 to 65535."
fi

build() {
  require_docker_build
  local options=() name log status=0
  [[ -z ${LITELLM:-} ]] && settings_say answers_with_litellm && local LITELLM=1
  for name in BASE_IMAGE BUILD_IMAGE LITELLM; do
    [[ -n ${!name:-} ]] && options+=(--build-arg "$name=${!name}")
  done
  [[ -n ${PLATFORM:-} ]] && options+=(--platform "$PLATFORM")
  local command=("${docker_build[@]}" -f Dockerfile.streaming -t "$image" ${options[@]+"${options[@]}"})
  if [[ -t 2 ]]; then
    "${command[@]}" . || status=$?
  else
    log=$(mktemp)
    "${command[@]}" --progress plain . >"$log" 2>&1 || status=$?
    ((status == 0)) || cat "$log" >&2
    rm -f "$log"
  fi
  ((status == 0)) || fail "The image was not built; the reason is above. Where the base image cannot be pulled, name another that has python3 (BASE_IMAGE=…); on Debian, as root, 'bash scripts/base_image.sh NAME' makes one."
  ok "image build: $image, $("$docker" image inspect -f '{{.Os}}/{{.Architecture}}' "$image")"
}

# Where the function finds a server that OPENAI_BASE_URL places on this machine: sets `network` and `base_url`.
# A native engine shares the machine's network with the container, because servers like Ollama listen on the
# loopback address alone, which no bridge reaches. Docker Desktop and its kin run in a virtual machine and
# forward host.docker.internal to the loopback address by themselves.
choose_network() {
  base_url=${OPENAI_BASE_URL:-}
  network=bridge
  [[ $base_url =~ ^(https?://)(localhost|127\.[0-9.]+|\[::1\]|0\.0\.0\.0)([:/].*)?$ ]] || return 0
  local engine
  engine=$("$docker" info --format '{{.OperatingSystem}} {{.SecurityOptions}}')
  if [[ $(uname -s) == Linux && $engine != "Docker Desktop"* && $engine != *name=rootless* ]]; then
    network=host
    note "OPENAI_BASE_URL is on this machine ($base_url): the container shares its network."
  else
    base_url=${BASH_REMATCH[1]}host.docker.internal${BASH_REMATCH[3]}
    note "OPENAI_BASE_URL is on this machine: inside the container it is $base_url."
  fi
}

is_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

run() {
  require_docker
  local architecture machine rie word entrypoint=() options=() name configured=no listen api_port
  architecture=$("$docker" image inspect -f '{{.Architecture}}' "$image" 2>/dev/null) ||
    fail "The image $image does not exist. Build it: make test-streaming-build"
  if [[ -n $("$docker" ps -q --filter "name=^$container\$") ]]; then
    fail "A function already runs on port $port. Stop it: make test-streaming-stop PORT=$port"
  fi
  is_in_use && fail "Port $port is in use by another program. Name another: PORT=$((port + 1))"

  machine=$architecture
  [[ $architecture == amd64 ]] && machine=x86_64
  rie=$(bash scripts/fetch_rie.sh "$machine")
  while IFS= read -r word; do
    [[ -n $word ]] && entrypoint+=("$word")
  done < <("$docker" image inspect -f '{{range .Config.Entrypoint}}{{println .}}{{end}}' "$image")

  choose_network
  if [[ $network == host ]]; then
    # The emulator's own API takes one of the machine's ports as well.
    read -r api_port < <(.venv/bin/python -m scripts.free_ports)
    options=(--network host)
    listen=(--runtime-interface-emulator-address "127.0.0.1:$port" --runtime-api-address "127.0.0.1:$api_port")
  else
    options=(--publish "127.0.0.1:$port:8080")
    listen=(--runtime-interface-emulator-address 0.0.0.0:8080)
  fi
  # By name alone, so that no key shows in a list of processes.
  while IFS= read -r name; do
    [[ $name == OPENAI_BASE_URL ]] || options+=(--env "$name")
  done < <(function_variables)
  [[ -n $base_url ]] && options+=(--env "OPENAI_BASE_URL=$base_url")
  settings_say names_a_key && configured=yes

  "$docker" rm -f "$container" >/dev/null 2>&1 || true
  # As on Lambda: a user without rights, nothing writable but /tmp.
  "$docker" run --detach --name "$container" --label "token-streaming.handler=$handler" --label "token-streaming.configured=$configured" \
    --user 993:990 --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges "${options[@]}" \
    --volume "$rie:/aws-lambda-rie:ro" --entrypoint /aws-lambda-rie "$image" \
    "${listen[@]}" "${entrypoint[@]}" "$handler" >/dev/null ||
    fail "The container did not start; Docker's own words are above."
  if [[ $("$docker" inspect -f '{{.State.Running}}' "$container") != true ]]; then
    show_log
    fail "The container stopped at once; its log is above."
  fi
  ok "container: $handler runs on 127.0.0.1:$port as an unprivileged user on a read-only file system"
}

exists() { "$docker" inspect "$container" >/dev/null 2>&1; }

show_log() {
  note "Log of the container $container:"
  "$docker" logs --tail 60 "$container" >&2 2>&1 || true
}

label() { "$docker" inspect -f "{{index .Config.Labels \"token-streaming.$1\"}}" "$container"; }

curl() {
  require_docker
  exists ||
    fail "No function runs on port $port. Start it: make test-streaming-run PORT=$port"
  local kind=streaming options=()
  [[ $(label handler) == *streaming_handler ]] || kind=buffered
  [[ $(label configured) == yes ]] && options=(--with-model)
  if ! .venv/bin/python -m scripts.check_function "127.0.0.1:$port" --handler "$kind" ${options[@]+"${options[@]}"}; then
    show_log
    exit 1
  fi
}

stop() {
  require_docker
  if ! exists; then
    note "No function runs on port $port."
    return
  fi
  "$docker" rm -f "$container" >/dev/null
  ok "stop: the container on port $port is gone"
}

all() {
  build
  trap '"$docker" rm -f "$container" >/dev/null 2>&1 || true' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  for handler in chat.app.streaming_handler chat.app.handler; do
    run
    curl
    stop
  done
  note "The emulator hands answers on whole: this proves the image and the wire. make demo shows tokens as they flow."
  settings_say names_a_key || note "Neither OPENAI_API_KEY nor CHAT_SECRET_ARN is set: the answer checked is that none is configured. With one, streams are checked too."
}

case ${1:-} in
  build | run | curl | stop | all) "$1" ;;
  *) fail "usage: streaming_container.sh build|run|curl|stop|all" ;;
esac
