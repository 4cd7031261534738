"""Which task kills its hosts is found out, and no other is blamed."""

from __future__ import annotations

from shoal.live.office.suspicion import GUILTY, PROBATION, SUSPECT, Suspicion


class Host:
    """A host that dies when it is given the task `bad`, and is replaced at once."""

    def __init__(self, tasks: set[str]) -> None:
        self.suspicion = Suspicion()
        self.waiting = sorted(tasks)
        self.tasks: set[str] = set()
        self.now = 0.0
        self.condemned: list[str] = []

    def live(self, seconds: float) -> None:
        """Begin with what may be begun; die of it, or live on for a while."""
        for task in list(self.waiting):
            if self.suspicion.may_begin(task, self.tasks, self.now):
                self.suspicion.begins(task, self.now)
                self.tasks.add(task)
                self.waiting.remove(task)
        self.now += seconds
        if "bad" in self.tasks:
            guilty = self.suspicion.died(self.tasks, self.now)
            self.waiting = sorted({*self.waiting, *self.tasks} - {guilty})
            self.tasks = set()
            self.condemned += [guilty] if guilty else []


def test_the_one_that_kills_is_found_among_many() -> None:
    host = Host({f"good{n}" for n in range(10)} | {"bad"})
    for _ in range(100):
        host.live(0.1 if "bad" in host.tasks or "bad" in host.waiting[:1] else PROBATION + 0.1)
    assert host.condemned == ["bad"]
    assert host.waiting == []


def test_a_host_that_dies_once_or_twice_makes_no_task_guilty() -> None:
    suspicion = Suspicion()
    for now in range(SUSPECT + GUILTY - 1):
        suspicion.begins("only", now)
        assert suspicion.died({"only"}, now + 0.1) is None


def test_who_was_followed_for_long_is_above_suspicion() -> None:
    suspicion = Suspicion()
    for now in range(0, 1000, 100):
        suspicion.begins("only", now)
        assert suspicion.died({"only"}, now + PROBATION + 1) is None
    assert not suspicion.is_suspect("only")
