#!/usr/bin/env bash
# `make deploy`, `make destroy`, `make logs`: Pulumi's own commands on one stack, and a sentence where something
# that they need is missing.
#
#   STACK   the stack (dev)
#   YES     1 goes on without Pulumi's question
#   SINCE   how far back logs begin (10m)
#   HANDLER chat.app.handler follows the logs of the buffered function
#
# Written for bash 3.2 as well, which is what macOS has.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/messages.sh
source scripts/messages.sh

stack=${STACK:-dev}
action=${1:-}
case $action in
  deploy | destroy | logs) ;;
  *) fail "usage: pulumi_stack.sh deploy|destroy|logs" ;;
esac

require_stack() {
  command -v pulumi >/dev/null ||
    fail "Pulumi is missing. Install it: https://www.pulumi.com/docs/install/ (macOS: brew install pulumi)."
  local answer
  if ! answer=$(pulumi stack --stack "$stack" --show-name --non-interactive 2>&1); then
    case $answer in
      *"no stack named"*)
        fail "There is no stack $stack. Make it (pulumi stack init $stack), or name another: make $action STACK=…"
        ;;
      *PULUMI_ACCESS_TOKEN* | *"pulumi login"*)
        fail "Pulumi is not logged in to where it keeps its state. Log in: pulumi login (Pulumi Cloud), pulumi login s3://BUCKET, or pulumi login --local."
        ;;
      *) fail "Pulumi cannot open the stack $stack. Its own words: $answer" ;;
    esac
  fi
}

# Pulumi asks before it changes anything; where it cannot, the answer has to be given before.
change() {
  local options=(--stack "$stack")
  if [[ ${YES:-} == 1 ]]; then
    options+=(--yes)
  elif ! [[ -t 0 && -t 1 ]]; then
    fail "Pulumi asks before it changes anything, and this is no terminal in which it could. To go on without the question: make $action STACK=$stack YES=1"
  fi
  pulumi "$1" "${options[@]}"
}

output() { pulumi stack output "$1" --stack "$stack" --non-interactive 2>/dev/null || true; }

configured() { pulumi config get "$1" --stack "$stack" --non-interactive 2>/dev/null || true; }

follow_logs() {
  local group options=() version setting value
  local name=logGroup
  [[ ${HANDLER:-} != chat.app.handler ]] || name=bufferedLogGroup
  group=$(output "$name")
  [[ -n $group ]] || fail "The stack $stack has no output $name: no such function is deployed yet. Deploy it: make deploy STACK=$stack"
  local instead="Or see them in the console (CloudWatch, log group $group), or by Pulumi: pulumi logs --follow --stack $stack"
  command -v aws >/dev/null ||
    fail "The AWS CLI, which follows logs, is missing. Install version 2: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html. $instead"
  version=$(aws --version 2>&1 || true)
  [[ $version != aws-cli/1.* ]] ||
    fail "The AWS CLI on PATH is version 1, which cannot follow logs. Install version 2: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html. $instead"
  # The stack may be elsewhere, or another account's, than the AWS CLI takes for granted.
  for setting in region profile; do
    value=$(configured "aws:$setting")
    [[ -z $value ]] || options+=("--$setting" "$value")
  done
  exec aws logs tail "$group" --follow --since "${SINCE:-10m}" ${options[@]+"${options[@]}"}
}

require_stack
case $action in
  deploy)
    change up
    endpoint=$(output endpoint)
    if [[ -n $endpoint ]]; then
      [[ $(configured authorization) != AWS_IAM ]] || endpoint+=" AUTH=AWS_IAM"
      note "See it stream: make smoke ENDPOINT=$endpoint"
    fi
    ;;
  destroy) change destroy ;;
  logs) follow_logs ;;
esac
