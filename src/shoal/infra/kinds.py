"""The kinds of job here: a pass makes one infrastructure as it is wished, the keeper looks after all of them.

A pass's spec is `{"infra": ID}`, as is that of a glance, which only looks; the keeper's is `{"home": HOME}`,
and that of a sweep, which looks for machines that no row knows, `{"home": HOME, "owner": NAME | None,
"drop": bool}`. What they ask and write down is answered in `store/journal.py`. Where things lie is told to
their workers and never kept, in `context.terms["infra"]`: `home` (the folder of all infrastructures),
`credentials`, `parallel`, `interval`, `commands`, `engine`, `patience` (fields of `Patience`).
"""

from __future__ import annotations

from shoal.infra.store import failing, journal, passing
from shoal.jobs.kinds import Kind, register

PASS = Kind(
    passing.PASS,
    "shoal.infra.passes.passing:run",
    elsewhere=False,
    grace=30.0,
    mourn=failing.mourn,
    stumble=failing.stumble,
    answer=journal.answer,
)
KEEPER = Kind(
    "infra.keeper", "shoal.infra.passes.keeping:run", elsewhere=False, grace=30.0, answer=journal.answer
)
SWEEP = Kind(
    passing.SWEEP, "shoal.infra.passes.sweeping:run", elsewhere=False, grace=30.0, answer=journal.answer
)
GLANCE = Kind(
    passing.GLANCE, "shoal.infra.passes.glancing:run", elsewhere=False, grace=30.0, answer=journal.answer
)
KINDS = (PASS, KEEPER, SWEEP, GLANCE)
TERMS = "infra"  # under which name workers are told where things lie


def register_kinds() -> None:
    """Make the kinds known to this process."""
    for kind in KINDS:
        register(kind)
