"""`shoal backup`, `restore`, `gc` and `upgrade`: looking after a home."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shoal.base.errors import Conflict
from shoal.base.faults import fault_point
from shoal.base.files import durable_file
from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Config, Database, Format, Home, Output
from shoal.cli.output import answer, say
from shoal.studies.wording import counted

SAVED = fault_point("cli.backup", "A backup is whole in the file asked for.")
Archive = Annotated[Path, typer.Argument(metavar="FILE", help="The archive.")]
Target = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="The archive; shoal-TIME.tar.gz if not given.")
]


@located
def backup(where: Where, file: Target = None) -> None:
    """Write a home into one archive, also while a server uses it."""
    target = file or Path(f"shoal-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz")
    if target.exists():
        raise Conflict(f"{target} is there already.", hint="Choose another name.")
    with connected(where) as client, durable_file(SAVED, target) as archive:
        for piece in client.backup():
            archive.write(piece)
    say(f"Backup  {target}")


def restore(file: Archive, home: Home = None, config: Config = None, database: Database = None) -> None:
    """Put a backup into a new, empty home."""
    from shoal.base.settings import resolve_secret
    from shoal.server.upkeep import put_back

    settings = Where(home, config, database).settings()
    url = resolve_secret(settings.database) if settings.database else None
    manifest = put_back(file, settings.home, url)
    say(f"{settings.home}: {counted(len(manifest.members), 'file')} back, as of {manifest.made}.")


@located
def gc(where: Where, output: Output = Format.TABLE) -> None:
    """Forget what ended long ago, and files that nothing names."""
    with connected(where) as client:
        removed = client.clean()
    answer(
        removed, output, text=", ".join(f"{count:,} {what}" for what, count in removed.items()) + " removed."
    )


def upgrade(home: Home = None, config: Config = None, database: Database = None) -> None:
    """Bring a home to this version of Shoal; a backup is written first."""
    from shoal.server.upkeep import upgrade as bring_up

    saved = bring_up(Where(home, config, database).settings())
    say(
        f"Brought to the newest schema. Backup  {saved}"
        if saved
        else "Nothing to do: the schema is the newest."
    )
