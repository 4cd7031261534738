"""A run of a task as a function of its rows and the order of its turns: the same order, the same result."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from shoal.base import clock
from shoal.base.errors import InvalidInput, ShoalError
from shoal.clustering.drift import DriftWatch
from shoal.clustering.identity import Identities
from shoal.clustering.live_algorithms import LiveAlgorithm, counts_rows, is_one_pass, shows_frame, space_of
from shoal.clustering.online.frame import Frame
from shoal.clustering.spaces.cosinus import directions
from shoal.live.host import estimators
from shoal.live.host.checkpoints import Saved
from shoal.live.host.columns import Columns
from shoal.live.host.history import History
from shoal.live.host.intake import Piece
from shoal.live.host.notable import Notable
from shoal.live.log.drawing import window
from shoal.live.log.reader import Reader
from shoal.live.model import Wish
from shoal.live.plain import plain

Event = dict[str, Any]
LEAST_FRAME = 500  # rows: drifts are told at most once in two frames
_RECENT = 64  # events that are told again after a restart: their names keep them from counting twice
_HISTORY = 600  # points of the history that are kept with a state
_INLINE = 1 << 17  # numbers in a frame that is kept with a state; larger ones are read from the log again


class Course:
    """Take rows, iterate, look at the clusters.

    `row` is the next row to take, `turns` counts iterations tried, `iterations` those that gave centres.
    `happened` are events that nobody was told of yet; who drains it tells them.
    """

    def __init__(self, wish: Wish, row: int = 0) -> None:
        estimators.check(wish)
        self.wish = wish
        self.columns = Columns.of(wish)
        self.space = space_of(asdict(wish.algorithm))
        self.algorithm: LiveAlgorithm | None = None
        self.row = row
        self.turns = 0
        self.iterations = 0
        self.seconds = 0.0
        self.last_data: int | None = None
        self.born: dict[int, int] = {}
        self.happened: list[Event] = []
        self.recent: list[Event] = []
        self.history = History()
        self._identities = Identities(self.space)
        self._notable = Notable()
        self._drift = self._new_watch()

    @property
    def found(self) -> bool:
        """Say whether there are centres."""
        return self.algorithm is not None and self.iterations > 0 and self.algorithm.n_clusters_ > 0

    @property
    def is_one_pass(self) -> bool:
        """Say whether rows are looked at once, in order, and taken no sooner."""
        return is_one_pass(asdict(self.wish.algorithm))

    @property
    def counts_rows(self) -> bool:
        """Say whether each row counts as an iteration."""
        return counts_rows(asdict(self.wish.algorithm))

    @property
    def ids(self) -> list[int]:
        """Return the lasting ids of the clusters as of the last look, from 1, in the algorithm's order."""
        return [_numbered(id) for id in self._identities.ids]

    def absorb(self, piece: Piece) -> None:
        """Take rows; a change of what they look like is told as `drift`, once."""
        rows = self.prepared(piece.rows)
        if self.algorithm is None:
            self.algorithm = estimators.built(self.wish)
        algorithm = self.algorithm
        known = (algorithm.cluster_centers_, algorithm.counts_) if self.found else ([], None)
        drifts = self._drift.watch(rows, *known)
        algorithm.absorb(rows)
        self.row, self.last_data = piece.end, piece.at
        for drift in drifts:
            self._tell("drift", {"before": drift.before, "after": drift.after})

    def prepared(self, rows: Any, *, question: bool = False) -> Any:
        """Return rows as the algorithm takes them: the clustered columns; directions where only these count.

        Rows in a question may have just the clustered columns.
        """
        chosen = self.columns.of_question(rows) if question else self.columns.of_rows(rows)
        return directions(chosen) if self.space.name == "cosinus" else chosen

    def close(self) -> None:
        """End the processes that the algorithm has, if any."""
        estimators.closed(self.algorithm)

    def iterate(self) -> bool:
        """Iterate once; say whether it counts."""
        self.turns += 1
        algorithm = self.algorithm
        if algorithm is None:
            return False
        before = algorithm.n_iter_
        counts = bool(algorithm.iterate())
        self.iterations += max(1, algorithm.n_iter_ - before) if counts else 0
        return counts

    def look(self) -> None:
        """Give clusters their lasting ids, and note which appeared, went, split or merged."""
        if not self.found or self.algorithm is None:
            return
        counts = self.algorithm.counts_
        changes = self._identities.update(self.algorithm.cluster_centers_, counts)
        told = self._notable.known
        self._identities.give_again(
            change.id for change in changes if change.kind in ("death", "merge") and change.id not in told
        )
        for change in self._notable.of(changes, self._identities.ids, counts.tolist()):
            detail = {"cluster": _numbered(change.id)}
            if change.other is not None:
                detail["other"] = _numbered(change.other)
            self._tell(change.kind, detail)
        now = clock.now()
        self.born = {id: self.born.get(id, now) for id in self.ids}

    def begun_anew(self) -> Course:
        """Return a course that has found and counted nothing yet, with the rows of this one's frame."""
        fresh = Course(self.wish, self.row)
        fresh.algorithm = None if self.algorithm is None else self.algorithm.reset()
        return fresh

    def weigh(self, wish: Wish, reader: Reader) -> None:
        """Pass when another wish can be gone on with, as far as the newest rows tell.

        Raises:
            InvalidInput: what an estimator says to its parameters, or to the rows.
        """
        estimators.check(wish)
        for most, turns in _TRIALS:
            first, rows = window(reader, max(0, self.row - most), self.row)
            trial = Course(estimators.alone(wish), first)
            try:
                if first < self.row:
                    trial.absorb(Piece(rows, self.row, 0))
                for _ in range(turns):
                    trial.iterate()
            except (ValueError, TypeError, IndexError) as error:
                if isinstance(error, ShoalError):
                    raise
                raise InvalidInput(f"The task's rows cannot be clustered so: {error}") from error

    def reconfigured(self, wish: Wish, reader: Reader) -> None:
        """Go on as another wish asks; what cannot be kept begins anew from the frame.

        When that raises, the course is as it was.
        """
        estimators.check(wish)
        before, columns = self.wish, Columns.of(wish)
        same = columns.clustered == self.columns.clustered and estimators.kept(before, wish)
        if not same:
            return self._become(self._anew(wish, reader))
        if self.algorithm is not None:
            estimators.retuned(self.algorithm, before, wish)
        self.wish, self.columns = wish, columns

    def _anew(self, wish: Wish, reader: Reader) -> Course:
        """Return a course as another wish asks, that has the rows of its frame."""
        frame = wish.algorithm.frame_size
        first, rows = window(reader, max(0, self.row - frame) if frame else 0, self.row)
        fresh = Course(wish, self.row)
        if first < self.row:
            fresh.algorithm = estimators.built(wish)
            fresh.algorithm.absorb(fresh.prepared(rows))
        return fresh

    def _become(self, other: Course) -> None:
        """Take over what another course clusters and how; what was counted stays."""
        self.close()
        for name in _MANNER:
            setattr(self, name, getattr(other, name))

    def _new_watch(self) -> DriftWatch:
        return DriftWatch(space=self.space, frame=max(LEAST_FRAME, self.wish.algorithm.frame_size))

    def _tell(self, kind: str, detail: dict[str, Any]) -> None:
        name = f"{self.turns}-{self.row}-{kind}-{detail.get('cluster', 0)}"
        event = {"row": self.row, "kind": kind, "detail": detail, "at": clock.now(), "name": name}
        self.happened.append(event)
        self.recent = [*self.recent[1 - _RECENT :], event]

    def saved(self, first_kept: int) -> Saved:
        """Return the state; a large frame is left out when the log, from row `first_kept` on, has it."""
        facts: dict[str, Any] = {name: getattr(self, name) for name in _FACTS}
        facts |= {
            "wish": plain(self.wish),
            "born": list(self.born.items()),
            "history": self.history.points()[-_HISTORY:],
            "identities": self._identities.as_plain(),
            "notable": self._notable.known,
            "frame": None,
        }
        if self.algorithm is None:
            return Saved(facts, None, self._drift.snapshot())
        frame = self.algorithm.frame_
        apart = self._is_large(frame) and self.row - len(frame) >= first_kept
        facts["frame"] = [len(frame), self.algorithm.n_rows_seen_] if apart else None
        return Saved(facts, self.algorithm.snapshot(frame=not apart), self._drift.snapshot())

    @classmethod
    def restored(cls, wish: Wish, saved: Saved, reader: Reader) -> Course:
        """Return a course that goes on from a state, whose wish is `wish`.

        Raises:
            ValueError: the log no longer has the frame.
        """
        course = cls(wish)
        for name in _FACTS:
            setattr(course, name, saved.facts[name])
        course.born = {id: at for id, at in saved.facts["born"]}
        course.happened = list(course.recent)
        course.history = History(saved.facts["history"])
        course._identities = Identities.from_plain(saved.facts["identities"], course.space)
        course._notable = Notable(saved.facts["notable"])
        course._drift = DriftWatch.restore(saved.arrays, space=course.space)
        if saved.algorithm is not None:
            frame = course._frame(reader, saved.facts["frame"])
            course.algorithm = estimators.restored(wish, saved.algorithm, frame)
        return course

    def _is_large(self, frame: Any) -> bool:
        return (
            isinstance(frame, np.ndarray)
            and frame.size > _INLINE
            and shows_frame(asdict(self.wish.algorithm))
        )

    def _frame(self, reader: Reader, kept: list[int] | None) -> Frame | None:
        if kept is None:
            return None
        length, seen = kept
        first, rows = window(reader, self.row - length, self.row)
        if first != self.row - length:
            raise ValueError(f"the log begins at row {first}; the frame needs {self.row - length}")
        rows = self.prepared(rows)
        return Frame.of(rows, np.empty(0), size=self.wish.algorithm.frame_size, seen=seen)


def _numbered(id: int) -> int:
    """Return what people call a cluster: they count from 1."""
    return id + 1


_TRIALS = ((1000, 0), (3, 1))  # rows and turns
_MANNER = ("wish", "columns", "space", "algorithm", "_identities", "_notable", "_drift")
_FACTS = ("row", "turns", "iterations", "seconds", "last_data", "recent")
