"""A server that knows the kinds of job of the tests: `python -m tests.support.serve_jobs '{"home": ...}'`."""

from __future__ import annotations

import sys

from tests.support.house import register_kinds
from tests.support.serve_home import main

if __name__ == "__main__":
    register_kinds()
    main(sys.argv[1])
