"""The program of a cloud-config, run in a machine that has a shell and little more."""

from __future__ import annotations

import base64
import gzip
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shoal.infra.contexts.passwords import hashed, salt_for
from shoal.infra.contexts.program import compiled, failures_of, program
from tests.support.bare_machine import BareMachine, bare_machine, run_over_this_system
from tests.support.waiting import wait_until


@pytest.fixture
def machine(tmp_path: Path) -> BareMachine:
    return bare_machine(tmp_path)


def script_of(config: dict[str, Any], instance: str = "instance-1") -> str:
    sheet = compiled(config, {}, instance)
    assert sheet.faults == []
    return program(sheet.steps, instance, failures_of(config))


def mode(machine: BareMachine, path: str) -> int:
    return stat.S_IMODE((machine.root / path.lstrip("/")).stat().st_mode)


CONTENTS = {
    "empty": "",
    "no-end": "no line end",
    "lines": "one\n\n  two\t\n",
    "shell": "$HOME `id` \\n 'x' \"y\" ${a} $(b)\nSHOAL_END\nSHOAL_END_\n",
    "returns": "dos\r\nline\r\n",
    "letters": "Ünïcödé ✓\n",
    "long": "0123456789\n" * 20000,
}


def test_files_are_what_was_written_byte_by_byte(machine: BareMachine) -> None:
    binary = bytes(range(256)) * 3
    encoded = {
        "b64": base64.b64encode(binary).decode(),
        "gz+b64": base64.b64encode(gzip.compress(binary)).decode(),
    }
    files = [{"path": f"/made here/{name}", "content": text} for name, text in CONTENTS.items()]
    files += [
        {"path": f"/made here/{name}", "content": text, "encoding": name} for name, text in encoded.items()
    ]
    code, output = machine.run(script_of({"write_files": files}))
    assert code == 0, output
    for name, text in CONTENTS.items():
        assert machine.read(f"/made here/{name}") == text.encode()
    for name in encoded:
        assert machine.read(f"/made here/{name}") == binary


def test_files_have_their_permissions_and_owners(machine: BareMachine) -> None:
    config = {
        "users": [{"name": "bob", "uid": 1234, "no_user_group": True}],
        "write_files": [
            {"path": "/a", "content": "x"},
            {"path": "/b", "content": "x", "permissions": "0400"},
            {"path": "/c", "content": "x", "owner": "bob:root", "defer": True},
            {"path": "/b", "content": "y", "append": True, "permissions": "0440"},
        ],
    }
    code, output = machine.run(script_of(config))
    assert code == 0, output
    assert [mode(machine, path) for path in ("/a", "/b", "/c")] == [0o644, 0o440, 0o644]
    assert machine.read("/b") == b"xy"
    assert (machine.root / "c").stat().st_uid == 1234


def test_an_owner_that_is_not_there_yet_is_told_with_what_to_write(machine: BareMachine) -> None:
    code, output = machine.run(script_of({"write_files": [{"path": "/a", "owner": "nobody-yet"}]}))
    assert code != 0
    assert "'defer: true'" in output


def test_commands_share_a_shell_as_with_cloud_init(machine: BareMachine) -> None:
    commands: list[object] = [
        "cd /tmp; A=5",
        ["sh", "-c", 'echo "$1" $PWD', "x", "two words"],
        'echo "<$A>" >b',
    ]
    code, output = machine.run(script_of({"bootcmd": ["echo boot $INSTANCE_ID"], "runcmd": commands}))
    assert code == 0, output
    assert "boot instance-1" in output
    assert "two words /tmp" in output
    assert machine.read("/tmp/b") == b"<5>\n"


def test_each_step_is_told_with_its_exit_code_and_its_time(machine: BareMachine) -> None:
    code, output = machine.run(script_of({"write_files": [{"path": "/a"}], "runcmd": ["echo hi"]}))
    assert code == 0
    assert re.search(r"== step 1/2 write_files /a \(at \d\d:\d\d:\d\dZ\)\n", output)
    assert re.search(r"== step 2/2 runcmd \(1\): done, exit code 0 after \d+ s\n", output)
    assert "== runcmd 1/1: echo hi\nhi\n" in output


def test_the_first_step_that_fails_ends_it_with_its_name_and_code(machine: BareMachine) -> None:
    script = script_of({"runcmd": ["echo fine", "echo why >&2; exit 7", "touch /late"], "final_message": "x"})
    code, output = machine.run(script)
    assert code == 7
    assert not (machine.root / "late").exists()
    assert "why\n== step 1/2 runcmd (3): failed, exit code 7" in output
    code, output = machine.run(script_of({"runcmd": ["(exit 3)", "touch /late"]}, "other"))
    assert code == 3
    assert "== runcmd 1/2: (exit 3): failed, exit code 3\n" in output
    assert not (machine.root / "late").exists()


def test_failures_are_borne_when_asked_for_as_cloud_init_does(machine: BareMachine) -> None:
    config = {"runcmd": ["(exit 3)", "touch /late"], "shoal": {"on_failure": "continue"}}
    code, output = machine.run(script_of(config))
    assert code == 0
    assert "failed, exit code 3" in output
    assert (machine.root / "late").exists()


def test_what_was_done_is_done_no_second_time(machine: BareMachine) -> None:
    config: dict[str, Any] = {"runcmd": ["echo x >>/count"]}
    assert machine.run(script_of(config))[0] == 0
    code, output = machine.run(script_of(config))
    assert (code, output) == (0, "== everything was done before\n")
    assert machine.run(script_of(config, "another-instance"))[0] == 0
    assert machine.read("/count") == b"x\nx\n"


def test_a_program_that_was_cut_off_goes_on_where_it_was(machine: BareMachine) -> None:
    config = {
        "write_files": [{"path": "/log", "content": "once\n", "append": True}],
        "runcmd": ["test -e /go || { kill -9 -1; exit 1; }", "echo twice >>/log"],
    }
    first, _ = machine.run(script_of(config))
    (machine.root / "go").touch()
    second, output = machine.run(script_of(config))
    assert (first != 0, second) == (True, 0)
    assert "step 1/2 write_files /log: was done before" in output
    assert machine.read("/log") == b"once\ntwice\n"


def test_who_comes_while_an_earlier_run_goes_on_waits_for_its_end(tmp_path: Path) -> None:
    """Whoever sent it may have been killed: what runs in the machine is not, and goes on."""
    script, environment = tmp_path / "script", {"PATH": os.environ["PATH"], "MACHINE_ROOT": str(tmp_path)}
    script.write_text(script_of({"runcmd": ["echo begun >>log; while [ ! -e go ]; do sleep 0.05; done"]}))

    def begun() -> subprocess.Popen[str]:
        return subprocess.Popen(["sh", script], env=environment, stdout=subprocess.PIPE, text=True)

    with begun() as first:
        wait_until(lambda: (tmp_path / "log").exists())
        with begun() as second:
            assert second.stdout is not None
            assert "still runs: waiting for its end" in second.stdout.readline()
            (tmp_path / "go").touch()
            said, _ = second.communicate(timeout=30)
        first.communicate(timeout=30)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "everything was done before" in said
    assert (tmp_path / "log").read_text() == "begun\n"


def test_users_are_made_without_any_tool(machine: BareMachine) -> None:
    key = "ssh-ed25519 AAAA me@here"
    config = {
        "groups": ["cloud", {"team": ["eve"]}],
        "users": [
            "default",
            {
                "name": "bob",
                "uid": 1234,
                "gecos": "Bob B.",
                "shell": "/bin/sh",
                "groups": "cloud, extra",
                "sudo": "ALL=(ALL) NOPASSWD:ALL",
                "plain_text_passwd": "pass",
                "lock_passwd": False,
                "ssh_authorized_keys": [key],
            },
            {"name": "eve", "plain_text_passwd": "pass"},
        ],
        "ssh_authorized_keys": [key],
        "chpasswd": {"expire": False, "users": [{"name": "root", "password": "top"}]},
    }
    script = script_of(config) + "id bob; id eve\n"
    code, output = machine.run(script)
    assert code == 0, output
    assert "uid=1234(bob) gid=1003(bob) groups=1003(bob),1000(cloud),1002(extra)" in output
    assert "1001(team)" in output.splitlines()[-1]
    assert machine.read("/home/bob/.ssh/authorized_keys") == f"{key}\n".encode()
    assert machine.read("/root/.ssh/authorized_keys") == f"{key}\n".encode()
    assert (mode(machine, "/home/bob/.ssh"), mode(machine, "/home/bob/.ssh/authorized_keys")) == (
        0o700,
        0o600,
    )
    assert (machine.root / "home/bob/.ssh/authorized_keys").stat().st_uid == 1234
    shadow = dict(line.split(":")[:2] for line in machine.read("/etc/shadow").decode().splitlines())
    assert shadow["bob"] == hashed("pass", salt_for("instance-1", "bob"))
    assert shadow["eve"].startswith("!$6$")
    assert shadow["root"] == hashed("top", salt_for("instance-1", "root"))
    assert machine.read("/etc/sudoers.d/90-cloud-init-users") == b"bob ALL=(ALL) NOPASSWD:ALL\n"


def test_the_usual_tools_make_users_where_they_are(machine: BareMachine) -> None:
    for name in ("useradd", "groupadd", "usermod"):
        machine.install(
            name, f'echo "{name} $*" >>/calls; [ {name} != useradd ] || echo bob:x:1:1::/: >>/etc/passwd'
        )
    machine.install("chpasswd", 'echo "chpasswd $*" >>/calls; cat >>/calls')
    user = {"name": "bob", "groups": ["a", "b"], "system": True, "passwd": "$6$x$y", "primary_group": "a"}
    code, output = machine.run(script_of({"users": [user]}))
    assert code == 0, output
    assert machine.read("/calls").decode().splitlines() == [
        "groupadd a",
        "groupadd a",
        "groupadd b",
        "useradd --gid a --no-create-home --system bob",
        "usermod -a -G a bob",
        "usermod -a -G b bob",
        "chpasswd -e",
        "bob:$6$x$y",
        "usermod --lock bob",
    ]


def test_debians_own_tools_understand_what_they_are_told(tmp_path: Path) -> None:
    user = {
        "name": "shoal-bob",
        "gecos": "Bob B.",
        "uid": 4321,
        "groups": "shoal-one, shoal-two",
        "shell": "/bin/bash",
        "plain_text_passwd": "pass",
        "lock_passwd": False,
        "ssh_authorized_keys": ["ssh-ed25519 AAAA me"],
    }
    config = {
        "groups": [{"shoal-three": ["shoal-bob"]}],
        "users": [user],
        "chpasswd": {"users": [{"name": "shoal-bob", "password": "new"}]},
        "runcmd": ["id shoal-bob", "getent shadow shoal-bob", "ls -ld ~shoal-bob/.ssh"],
    }
    code, output = run_over_this_system(script_of(config), tmp_path)
    assert code == 0, output
    assert re.search(r"uid=4321\(shoal-bob\) .*\(shoal-three\).*\(shoal-one\).*\(shoal-two\)", output)
    assert f"shoal-bob:{hashed('new', salt_for('instance-1', 'shoal-bob'))}:0:" in output
    assert re.search(r"drwx------ .* shoal-bob shoal-bob .*\.ssh", output)


def test_packages_are_installed_without_questions(machine: BareMachine) -> None:
    machine.install("apt-get", 'echo "$DEBIAN_FRONTEND" "$@" >>/calls')
    config = {"package_upgrade": True, "packages": ["one", ["two", "1.0-1"]], "runcmd": ["cat /calls"]}
    code, output = machine.run(script_of(config))
    assert code == 0, output
    calls = machine.read("/calls").decode().splitlines()
    assert all(call.startswith("noninteractive --assume-yes --quiet ") for call in calls)
    assert [call.split("Dpkg::Use-Pty=0 ")[1] for call in calls] == [
        "update",
        "dist-upgrade",
        "install one two=1.0-1",
    ]


def test_versions_of_packages_are_asked_for_as_each_manager_writes_them(machine: BareMachine) -> None:
    machine.install("dnf", 'echo "$@" >>/calls')
    code, output = machine.run(script_of({"packages": ["one", ["two", "1.0-1"]]}))
    assert code == 0, output
    assert machine.read("/calls").decode().splitlines()[-1] == "-y install one two-1.0-1"


def test_a_machine_without_a_package_manager_says_so(machine: BareMachine) -> None:
    code, output = machine.run(script_of({"packages": ["one"]}))
    assert code != 0
    assert "there is no package manager here" in output


def test_sources_of_packages_and_certificates_are_put_in_place(machine: BareMachine) -> None:
    machine.install("update-ca-certificates", "echo renewed")
    machine.install("debconf-set-selections", "cat >/selections")
    (machine.root / "etc/os-release").write_text("VERSION_CODENAME=bookworm\n")
    (machine.root / "etc/apt").mkdir()
    (machine.root / "etc/apt/sources.list").write_text("deb http://mirror.example/debian bookworm main\n")
    config = {
        "ca_certs": {"trusted": ["-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----"]},
        "apt": {
            "proxy": "http://proxy:3128",
            "conf": 'APT::X "y";',
            "debconf_selections": {"one": "a b c d"},
            "sources": {
                "mine.list": {"source": "deb $MIRROR $RELEASE main", "key": "KEY\nTEXT"},
                "other": {"source": "deb [signed-by=$KEY_FILE] http://x $RELEASE y", "key": "K"},
            },
        },
    }
    code, output = machine.run(script_of(config))
    assert code == 0, output
    assert b"BEGIN" in machine.read("/usr/local/share/ca-certificates/cloud-init-ca-cert-1.crt")
    lists = "/etc/apt/sources.list.d"
    assert machine.read(f"{lists}/mine.list") == b"deb http://mirror.example/debian bookworm main\n"
    signed = "deb [signed-by=/etc/apt/cloud-init.gpg.d/other.asc] http://x bookworm y\n"
    assert machine.read(f"{lists}/other.list").decode() == signed
    assert machine.read("/etc/apt/trusted.gpg.d/mine.asc") == b"KEY\nTEXT\n"
    proxy = machine.read("/etc/apt/apt.conf.d/90cloud-init-aptproxy").decode()
    assert proxy == 'Acquire::http::Proxy "http://proxy:3128";\n'
    assert machine.read("/selections") == b"a b c d\n"


def test_the_host_gets_its_name_and_its_clock(machine: BareMachine) -> None:
    zone = machine.root / "usr/share/zoneinfo/Europe"
    zone.mkdir(parents=True)
    (zone / "Budapest").write_bytes(b"TZif")
    config = {
        "fqdn": "one.example.org",
        "manage_etc_hosts": True,
        "timezone": "Europe/Budapest",
        "locale": "C.UTF-8",
        "ssh_pwauth": False,
        "ssh_keys": {"ed25519_private": "PRIVATE", "ed25519_public": "PUBLIC"},
        "runcmd": ["hostname >/name"],
    }
    (machine.root / "etc/ssh").mkdir()
    (machine.root / "etc/ssh/sshd_config").write_text("Port 22\n  passwordauthentication yes\n")
    (machine.root / "etc/default").mkdir()
    code, output = machine.run(script_of(config))
    assert code == 0, output
    assert machine.read("/name") == b"one\n"
    assert machine.read("/etc/hosts") == b"127.0.1.1 one.example.org one\n"
    assert (machine.root / "etc/localtime").readlink() == Path("/usr/share/zoneinfo/Europe/Budapest")
    assert machine.read("/etc/ssh/sshd_config") == b"PasswordAuthentication no\nPort 22\n"
    assert machine.read("/etc/ssh/ssh_host_ed25519_key") == b"PRIVATE\n"
    assert mode(machine, "/etc/ssh/ssh_host_ed25519_key") == 0o600
    assert machine.read("/etc/default/locale") == b"LANG=C.UTF-8\n"


def test_a_file_is_fetched_from_an_address(machine: BareMachine) -> None:
    """With its headers, which may hold a token, in a file: words of a command are anybody's to read."""
    machine.install(
        "curl", 'eval last=\\${$#}; cat "${last#@}" | grep fail && exit 22; echo "$*"; cat "${last#@}"'
    )
    source = {"uri": "http://here/x", "headers": {"X": "y z"}}
    code, output = machine.run(script_of({"write_files": [{"path": "/a", "source": source}]}))
    assert code == 0, output
    words, header = machine.read("/a").decode().splitlines()
    assert "http://here/x -H @/" in words
    assert header == "X: y z"
    assert list(machine.root.glob("var/lib/shoal-machine/*/*.kept")) == []
    source = {"uri": "http://here/x", "headers": {"X": "fail"}}
    code, _ = machine.run(script_of({"write_files": [{"path": "/b", "source": source}]}))
    assert code == 22
    assert not (machine.root / "b").exists()


def test_scripts_that_wait_for_cloud_init_find_what_they_wait_for(machine: BareMachine) -> None:
    assert machine.run(script_of({"runcmd": ["test ! -e /var/lib/cloud/instance/boot-finished"]}))[0] == 0
    assert (machine.root / "var/lib/cloud/instance/boot-finished").exists()


def test_a_whole_script_runs_by_the_interpreter_it_names(machine: BareMachine) -> None:
    sheet = compiled({}, {"script": "#!/bin/awk -f\nBEGIN { print 6 * 7 }\n"}, "i")
    code, output = machine.run(program(sheet.steps, "i"))
    assert code == 0, output
    assert "\n42\n" in output


def test_what_may_hold_secrets_is_its_owners_alone_and_gone_at_the_end(machine: BareMachine) -> None:
    code, _ = machine.run(script_of({"runcmd": ["ls -l /var/lib/shoal-machine/*/*.kept >/kept"]}))
    assert code == 0
    assert {line.split()[0] for line in machine.read("/kept").decode().splitlines()} == {"-rw-------"}
    assert list(machine.root.glob("var/lib/shoal-machine/*/*.kept")) == []


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_machine_that_is_a_folder_changes_nothing_outside(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    config = {"write_files": [{"path": "/etc/x", "content": "mine\n"}], "runcmd": ["pwd >here"]}

    def run(config: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "script"
        script.write_text(script_of(config))
        environment = {"PATH": os.environ["PATH"], "MACHINE_ROOT": str(tmp_path)}
        return subprocess.run([shell, script], env=environment, capture_output=True, text=True, timeout=30)

    done = run(config)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "etc/x").read_text() == "mine\n"
    assert (tmp_path / "here").read_text() == f"{tmp_path}\n"
    for refused in ({"users": [{"name": "bob"}]}, {"hostname": "x"}, {"packages": ["no-such-package-here"]}):
        done = run(refused)
        assert done.returncode != 0
        assert "a machine that is a process" in done.stdout
