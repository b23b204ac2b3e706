# shellcheck shell=bash
# Finds a docker command that can build with BuildKit, and says in a sentence what is missing. To be sourced.
#
# Sets `docker` (the command) and `docker_build` (an array: the command that builds and loads the result).
# DOCKER names a command and ends the search; DOCKER_HOST and contexts are docker's own.
# Written for bash 3.2 as well, which is what macOS has.

docker='' docker_build=()

find_docker() {
  local candidate version help
  # Once found it stays: a step cut off in the middle of a new search could not clean up.
  [[ -z $docker ]] || return 0
  while IFS= read -r candidate; do
    docker=${docker:-$candidate}
    version=$("$candidate" version --format '{{.Client.Version}}' 2>/dev/null || true)
    if "$candidate" buildx version >/dev/null 2>&1; then
      docker=$candidate
      docker_build=("$candidate" buildx build --load)
      help=$("$candidate" buildx build --help 2>/dev/null || true)
      # Attestations make an index of an image, and Lambda takes no index. Old buildx has neither.
      [[ $help == *--provenance* ]] && docker_build+=(--provenance=false)
      [[ $help == *--sbom* ]] && docker_build+=(--sbom=false)
      return 0
    elif [[ $version =~ ^(1[89]|2[012])\. ]]; then
      docker=$candidate
      docker_build=(env DOCKER_BUILDKIT=1 "$candidate" build)
      return 0
    fi
  done < <(if [[ -n ${DOCKER:-} ]]; then type -P "$DOCKER" || true; else type -aP docker || true; fi)
}

require_docker() {
  find_docker
  if [[ -z $docker ]]; then
    [[ -n ${DOCKER:-} ]] && fail "DOCKER is '$DOCKER', and there is no such command."
    fail "Docker is missing. Install Docker Desktop (macOS, Windows) or Docker Engine (Linux; Debian and Ubuntu: apt-get install docker.io). Without Docker, 'make test-rie' runs the same checks on this machine."
  fi
  local answer
  if ! answer=$("$docker" version --format '{{.Server.Version}}' 2>&1); then
    if [[ $answer == *"permission denied"* ]]; then
      fail "Docker's daemon refuses this user. Add the user to the group docker and log in again, or use sudo."
    fi
    fail "Docker's daemon does not answer${DOCKER_HOST:+ at DOCKER_HOST=$DOCKER_HOST}. Start Docker Desktop, or on Linux: sudo systemctl start docker. Without Docker, 'make test-rie' runs the same checks on this machine."
  fi
}

require_docker_build() {
  require_docker
  [[ ${#docker_build[@]} -gt 0 ]] ||
    fail "'$docker' cannot build with BuildKit: its buildx component is missing. Install it (Debian and Ubuntu: docker-buildx or docker-buildx-plugin), or name another docker command: DOCKER=/usr/bin/docker."
}
