"""Become a program that may write in one folder only: `python -m shoal.infra.configuring.confined`.

A playbook can run commands on the machine that Ansible runs on. There they reach neither what the
orchestrator keeps nor its users' files, if the kernel knows Landlock. Arguments: the parent's process id, the
folder, and the program with its words.
"""

from __future__ import annotations

import os
import sys

from shoal.infra.confining import keep_to
from shoal.jobs.sandbox import privileges
from shoal.jobs.sandbox.confinement import SHARED_MEMORY


def main() -> None:
    """Give up what is not needed and become the program."""
    parent, folder, *words = sys.argv[1:]
    privileges.die_with(int(parent))
    keep_to([folder, SHARED_MEMORY])
    os.execv(words[0], words)


if __name__ == "__main__":
    main()
