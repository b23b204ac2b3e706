# shellcheck shell=bash
# What of this shell's environment is the function's, and whether a model answers with it. To be sourced.

# The settings decide, as in the function: no when they are wrong, which its start will say.
settings_say() {
  [[ $(PYTHONPATH=lambda .venv/bin/python -c "
from chat.settings import Settings
print(Settings.from_environment().$1)" 2>/dev/null) == True ]]
}

# Names of the variables to hand on, one a line: docs/configuration.md, LiteLLM's own where it answers, and what the
# secret is read with where there is one.
function_variables() {
  local name litellm=no
  settings_say answers_with_litellm && litellm=yes
  for name in $(compgen -e); do
    [[ -n ${!name} ]] || continue
    case $name in
      OPENAI_* | CHAT_* | AWS_LAMBDA_LOG_* | AWS_LAMBDA_FUNCTION_TIMEOUT | LAMBDA_RUNTIME_*) printf '%s\n' "$name" ;;
      *_API_KEY | *_API_BASE | AWS_REGION* | AWS_DEFAULT_REGION)
        [[ $litellm == no ]] || printf '%s\n' "$name"
        ;;
      AWS_ACCESS_KEY_ID | AWS_SECRET_ACCESS_KEY | AWS_SESSION_TOKEN | AWS_ENDPOINT_URL*)
        [[ $litellm == no && -z ${CHAT_SECRET_ARN:-} ]] || printf '%s\n' "$name"
        ;;
    esac
  done
}
