#!/usr/bin/env bash
# A handler of this working tree under AWS's runtime interface emulator (RIE), without Docker, until told to end:
#
#   rie_function.sh PORT HANDLER
#
# It answers on http://127.0.0.1:PORT/2015-03-31/functions/function/invocations, one invocation at a time: a second
# beside it ends the RIE. The function has this shell's environment.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
port=${1:?usage: rie_function.sh PORT HANDLER}
handler=${2:?usage: rie_function.sh PORT HANDLER}
rie=$(bash scripts/fetch_rie.sh host)
api_port=$(.venv/bin/python -m scripts.free_ports 1)
# From lambda/, as in the image, where nothing else of the repository is there to be imported. The RIE ends its
# function itself.
cd lambda
PYTHONPATH='' exec "$rie" --runtime-interface-emulator-address "127.0.0.1:$port" \
  --runtime-api-address "127.0.0.1:$api_port" "$root/.venv/bin/python" -m lambda_runtime "$handler"
