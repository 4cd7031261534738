"""`occopus-import FILE`: keep node definitions."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from shoal.cli.infra_options import bundle_from
from shoal.cli.occopus.program import parser, run, server


def main(words: Sequence[str] | None = None) -> int:
    """Run the program, and return its exit code."""
    options = parser("occopus-import", "Import node definitions.", asks=False)
    options.add_argument("node_def_file", metavar="FILE", type=Path, help="the definitions, in YAML")
    options.set_defaults(auth_data_path=None)
    return run(options.parse_args(words), _import)


def _import(asked: Namespace) -> None:
    bundle = bundle_from(asked.node_def_file, [])
    with server(asked) as client:
        names = client.infra.import_definitions(bundle)
    sys.stdout.write(f"Successfully imported nodes: {', '.join(names)}\n")
