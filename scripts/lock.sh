#!/bin/sh
# Renew the pins. Universal: one file for every platform and every Python from 3.11 on.
set -eu
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
.venv/bin/python -m pip install -q --target "$tools" uv
pin() { "$tools/bin/uv" pip compile -q --universal --generate-hashes --no-header --no-annotate -p 3.11 "$@"; }
pin pyproject.toml --group build -o constraints.txt
pin pyproject.toml --all-extras --group dev -c constraints.txt -o constraints-dev.txt
pin pyproject.toml --group bench -c constraints-dev.txt -o constraints-bench.txt
