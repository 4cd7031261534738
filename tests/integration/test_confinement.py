"""What programs cannot reach, in every mode that works here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.base.errors import InvalidSetting
from shoal.jobs.sandbox import choosing, landlock, modes
from shoal.jobs.sandbox.terms import nest_of
from shoal.jobs.states import State
from tests.support.command import ROOT, SHOAL, shoal
from tests.support.programs import Programs, running_programs

SECRET = "what nobody may read"
GIVEN = {"PATH", "LANG", "HOME", "TMPDIR", "SHOAL_FOLDER", "SHOAL_JOB", "SHOAL_ATTEMPT", "SHOAL_SEED", "MINE"}
FROM_THE_SHELL = {"PWD", "OLDPWD", "SHLVL", "_"}
FROM_PYTHON = {"PYTHONHASHSEED"}


@pytest.fixture(scope="module", params=modes.CONFINING)
def programs(request: pytest.FixtureRequest, sqlite_template: Path) -> Iterator[Programs]:
    with running_programs(sqlite_template, 2, sandbox=request.param) as running:
        mode, tried = choosing.described(running.terms)
        if not mode:
            pytest.skip(f"{request.param} does not work here: {tried}")
        (running.home / "secret").write_text(SECRET)
        (running.home / "secret").chmod(0o644)
        yield running


def test_the_mode_is_told(programs: Programs) -> None:
    assert programs.command("true").facts["sandbox"] == programs.terms.sandbox


def test_a_program_cannot_read_the_home_or_the_database(programs: Programs) -> None:
    home = programs.home
    ran = programs.shell(
        f"cat {home}/secret; ls {home}; head -c 16 {home}/shoal.db; cat /proc/$PPID/root{home}/secret"
    )
    assert ran.job.state is State.FAILED
    assert not [each for each in (SECRET, "SQLite", "shoal.db\n") if each.encode() in ran.log]


def test_a_program_cannot_get_there_by_links(programs: Programs) -> None:
    ran = programs.shell(f"ln -s {programs.home} h; cat h/secret; ln -s ../.. up; cat up/home/secret")
    assert ran.job.state is State.FAILED
    assert SECRET.encode() not in ran.log


def test_a_program_cannot_read_or_change_what_another_works_on(programs: Programs) -> None:
    script = f"echo '{SECRET}' >mine; chmod -R a+rwX .; touch ready; sleep 1000"
    with programs.lasting(script) as folder:
        ran = programs.shell(f"cat {folder}/mine; echo x >{folder}/mine")
        assert ran.job.state is State.FAILED
        assert SECRET.encode() not in ran.log
        assert (folder / "mine").read_text() == f"{SECRET}\n"


def test_a_program_cannot_signal_or_look_into_what_is_not_its_own(programs: Programs) -> None:
    if programs.terms.sandbox == modes.LANDLOCK and not landlock.keeps_signals():
        pytest.skip("this kernel's Landlock does not keep signals")
    others = " ".join(map(str, [os.getpid(), *programs.pids()]))
    tries = "kill -0 $p && echo reached; cat /proc/$p/environ && echo seen"
    ran = programs.shell(f"for p in {others}; do {tries}; done; true")
    assert ran.job.state is State.SUCCEEDED
    assert b"reached" not in ran.log and b"seen" not in ran.log


def test_a_program_writes_in_its_folder_alone(programs: Programs) -> None:
    places = ["/etc/shoal-x", "/usr/shoal-x", "/var/tmp/shoal-x", "../shoal-x", f"{programs.home}/shoal-x"]
    tries = "; ".join(f"echo x >{place}" for place in places)
    ran = programs.shell(f"pwd; echo x >inside; cat inside; {tries}; true")
    folder, inside = ran.job.result["stdout"].splitlines()
    assert Path(folder).is_relative_to(programs.nest) and inside == "x"
    assert not [place for place in places if (programs.nest / "folder" / place).exists()]


def test_a_program_is_told_nothing_of_ours(programs: Programs) -> None:
    ran = programs.command("env", env={"MINE": "1"}, seed=3)
    told = dict(line.split("=", 1) for line in ran.job.result["stdout"].splitlines())
    assert set(told) == (GIVEN | FROM_PYTHON | (FROM_THE_SHELL & set(told)))
    assert (told["SHOAL_SEED"], told["HOME"]) == ("3", told["SHOAL_FOLDER"])


@pytest.mark.parametrize("name", ["LD_PRELOAD", "GLIBC_TUNABLES", "A=B", ""])
def test_a_variable_that_could_change_more_than_the_program_is_refused(programs: Programs, name: str) -> None:
    ran = programs.command("true", env={name: "x"})
    assert (ran.error["kind"], ran.error["code"]) == ("refused", "invalid_input")


def test_a_program_gains_no_privileges(programs: Programs) -> None:
    ran = programs.command("cat", "/proc/self/status")
    facts = dict(line.split(":", 1) for line in ran.job.result["stdout"].splitlines())
    assert facts["NoNewPrivs"].strip() == "1"
    assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == 0


def test_without_a_sandbox_each_log_says_so(sqlite_template: Path) -> None:
    with running_programs(sqlite_template, sandbox="none") as programs:
        ran = programs.command("true")
        assert ran.facts["sandbox"] == "none"
        assert ran.log.startswith(b"No sandbox: this program can read and change all")


def test_doctor_says_what_confines_programs_and_leaves_nothing(tmp_path: Path) -> None:
    if not Path(SHOAL).exists():
        pytest.skip("the command is not beside this Python")
    checks = shoal("doctor", "--output", "json", home=tmp_path, cwd=tmp_path).json["checks"]
    said = {one["what"]: one for one in checks}
    mode, _, words = said["sandbox"]["found"].partition(": ")
    assert said["sandbox"]["works"] and mode in modes.CONFINING and words.startswith(modes.MEANS[mode])
    assert not nest_of(tmp_path, None).exists()
    bare = shoal("doctor", home=tmp_path, cwd=tmp_path, SHOAL_EXECUTION__SANDBOX="none")
    assert bare.code == 1 and "programs can read and change all" in bare.out


def test_working_folders_inside_the_home_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="inside the home"):
        nest_of(tmp_path, tmp_path / "scratch")


def test_programs_of_an_ordinary_user_are_confined_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run the tests above again as another user, when root runs them."""
    python = Path("/usr/bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    found = subprocess.run(["runuser", "-u", "tester", "--", python, "--version"], capture_output=True)
    if os.geteuid() != 0 or found.returncode != 0:
        pytest.skip("needs root, an account `tester`, and a Python that it can start")
    paths = [str(ROOT), str(ROOT / "src"), *(path for path in sys.path if path.endswith("site-packages"))]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", __file__]
    done = subprocess.run(
        ["runuser", "-u", "tester", "--", *words],
        cwd=ROOT, env=env | {"HOME": "/nonexistent"}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "passed" in done.stdout
