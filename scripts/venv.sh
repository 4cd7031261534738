#!/bin/sh
# Make a virtual environment even where Debian's python3-venv is not installed.
set -eu
python=$1 venv=$2
command -v "$python" >/dev/null || { echo "error: $python is not installed; try: make PYTHON=python3" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || { echo "error: Shoal needs Python 3.11 or newer; try: make PYTHON=python3.12" >&2; exit 1; }
echo "Setting up $venv (a minute or two, once)" >&2
if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
  rm -rf "$venv"
  tools=$(mktemp -d)
  trap 'rm -rf "$tools"' EXIT
  "$python" -m pip install -q --target "$tools" virtualenv
  PYTHONPATH=$tools "$python" -m virtualenv -q "$venv"
fi
