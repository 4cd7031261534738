#!/bin/sh
# Install the pinned dependencies, link Shoal in, and make once what takes long: the compiled kernels and the
# script that draws figures.
set -eu
venv=$1 pins=$2 # and `studies`, if only their kernels are wanted now
echo "Installing the packages" >&2
"$venv/bin/python" -m pip install -q --require-hashes -r "$pins"
"$venv/bin/python" -m pip install -q --no-deps --no-build-isolation --no-index -e .
echo "Compiling the kernels, about a minute the first time" >&2
"$venv/bin/python" -m shoal.clustering.warm ${3-}
"$venv/bin/python" -m shoal.studies.bundle
