"""Looking after a house: backups, forgetting what is old, and newer schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from shoal.base import backup, clock, restoring
from shoal.base.archive import Manifest
from shoal.base.faults import fault_point
from shoal.base.home import Home
from shoal.base.settings import Settings
from shoal.infra.office.folders import MACHINES
from shoal.jobs import kinds, logs
from shoal.jobs.store import housekeeping
from shoal.jobs.store.housekeeping import DAY, Retention
from shoal.live.store.changing import forget_events
from shoal.migrations import upgrade as migrate
from shoal.migrations.upgrading import newest, stored
from shoal.server.house import open_database_of
from shoal.server.parts import House
from shoal.storage import datafiles, datasets, objects
from shoal.storage.orphans import YOUNG
from shoal.storage.uploads import Uploads
from shoal.studies.store import leftovers

COLLECT = fault_point("upkeep.collect", "What ended long ago is forgotten.")


def back_up(house: House, target: Path) -> Manifest:
    """Write everything of a house into one archive, while it is in use; raises what `backup.make` raises."""
    folders = _folders(house.home)
    return backup.make(house.database, folders, target, _is_lasting)


def _folders(home: Home) -> dict[str, Path]:
    return {"files": home.files, "live": home.live, "infra": home.infra, "logs": home.logs}


def _is_lasting(name: str) -> bool:
    """Say whether a file belongs into a backup: machines that are processes here do not outlive this home."""
    infra, _, below = name.partition("/")
    return infra != "infra" or f"/{MACHINES}/" not in below


def put_back(archive: Path, home: Path, url: str | None = None) -> Manifest:
    """Put a backup into a new home; raises what `restoring.restore` raises."""
    held = Home.open(home, restoring=True)
    try:
        return restoring.restore(archive, home, migrate, url=url)
    finally:
        held.close()


def collect(house: House) -> dict[str, int]:
    """Forget ended jobs, logs and events that are old, and files that nothing names; returns how many.

    Infrastructures that were destroyed are kept as long as jobs.
    Jobs of studies stay: their study is told by them.
    """
    kept = house.settings.retention
    retention = Retention(kept.jobs_days * DAY, kept.logs_days * DAY, kept.events_days * DAY)
    others = [name for name in kinds.registered() if not name.startswith("study.")]
    removed = {"jobs": 0, "logs": 0, "events": 0}
    more = True
    while more:
        found = house.database.write(
            COLLECT, partial(housekeeping.collect, retention=retention, kinds=others)
        )
        for log in found.logs:
            logs.remove(house.home.logs, log)
        removed["jobs"] += found.jobs
        removed["logs"] += len(found.logs)
        removed["events"] += found.events
        more = found.more
    before = clock.now() - round(kept.events_days * DAY * clock.SECOND)
    removed["events"] += house.database.write(COLLECT, partial(forget_events, before=before))
    infrastructures, happenings = house.infra.collect(kept.jobs_days * DAY)
    removed |= {"infrastructures": infrastructures, "events": removed["events"] + happenings}
    return removed | {"files": _files(house), "uploads": uploads_of(house).collect()}


def _files(house: House) -> int:
    where = (house.database, house.storage)
    # Jobs that are kept may still read what an object's data was.
    bound = max(YOUNG, house.settings.retention.jobs_days * DAY)
    rest = datafiles.collect(*where) + objects.collect(*where, older_than=bound)
    return datasets.collect(*where) + leftovers.collect(*where) + rest


def uploads_of(house: House) -> Uploads:
    """Return the uploads of a house that arrive in parts."""
    return Uploads(house.home.path / "uploads", house.settings.limits.upload)


def upgrade(settings: Settings) -> Path | None:
    """Write a backup of a home and bring it to the newest schema; None when there is nothing to do."""
    home = Home.open(settings.home, wait=settings.home_wait)
    try:
        database = open_database_of(settings, home)
        try:
            if database.read(stored) in (None, newest()):
                return None
            moment = datetime.fromtimestamp(clock.now() / clock.SECOND, UTC)
            target = home.path / "backups" / f"before-{newest()}-{moment:%Y%m%dT%H%M%SZ}.tar.gz"
            backup.make(database, _folders(home), target, _is_lasting)
            migrate(database)
            return target
        finally:
            database.close()
    finally:
        home.close()
