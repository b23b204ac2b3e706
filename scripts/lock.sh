#!/usr/bin/env bash
# Writes the hashed locks from pyproject.toml: versions and hashes, no index address.
set -euo pipefail
compile() {
  .venv/bin/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate \
    --python-version 3.11 --custom-compile-command "make lock" ${UPGRADE:+--upgrade} "$@"
}
echo "uv" | compile - -o requirements/uv.txt
# AWS's runtime interface emulator comes in this wheel (scripts/fetch_rie.sh), of which nothing else is installed.
echo "aws-sam-cli" | compile - --no-deps -o requirements/rie.txt
# A local Lambda of other people, for the tests and the benchmark that compare (scripts/fetch_cargo_lambda.sh). Its
# wheel asks for a C compiler of 100 MB, which is for building functions in Rust alone.
echo "cargo-lambda" | compile - --no-deps -o requirements/cargo-lambda.txt
compile pyproject.toml -o requirements/function.txt
compile pyproject.toml --extra litellm -c requirements/function.txt -o requirements/function-litellm.txt
compile --group infra -o requirements/infra.txt
compile pyproject.toml --group dev -c requirements/function.txt -c requirements/function-litellm.txt -c requirements/infra.txt -o requirements/dev.txt
