# SPDX-License-Identifier: ISC
"""The administration commands while the service runs, beside each other, and killed in the
middle."""

import concurrent.futures
import os
import re
import socket
import subprocess
import threading

import pytest

from killing import kill_at, needs_killer
from registrar_tools import KEY, PATIENCE, PROGRAM, need, run, serving

OLD_KEY = "5a" * 32


def admin(directory, *arguments, status=0, **options):
    done = run("-D", directory, *arguments, **options)
    assert done.returncode == status, done
    return done.stdout


def records(directory):
    """Every line of client.keys, which has to be whole."""
    lines = (directory / "etc" / "client.keys").read_text().split("\n")
    assert lines.pop() == ""
    for line in lines:
        assert re.fullmatch(rf"\d+ (!?\S+ \S+ {KEY}|#(\*#){{10}}[0-9a-f]*)", line), line
    return [line.split(" ") for line in lines]


# ------------------------------------------------------------------ the service notices


@pytest.mark.parametrize("dialect,new_id", [("ossec", "1025"), ("wazuh", "002")])
def test_removed_by_command_registered_again_over_the_network(directory, dialect, new_id):
    with serving(directory, "-n", "--dialect", dialect) as registrar:
        first = registrar.register("web")
        assert admin(directory, "--dialect", dialect, "remove", first[0]) == f"{first[0]} web any\n"
        again = registrar.register("web")
        assert again[:2] == (new_id, "web")
        assert first[3] != again[3]


def test_added_by_command_taken_on_the_network(directory):
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        registrar.register("web")
        assert admin(directory, "add", "-n", "db", "-a", "10.0.0.1") == "002 db 10.0.0.1\n"
        assert "Duplicate agent name: db" in registrar.ask("OSSEC A:'db'\n").records[0]
        assert "Duplicate IP: 10.0.0.1" in registrar.ask("OSSEC A:'new' IP:'10.0.0.1'\n").records[0]
        assert registrar.register("new")[0] == "003"


@pytest.mark.usefixtures("as_root")
def test_manage_agents_of_ossec_beside_the_service(directory):
    """It writes over the beginning of a line, appends, and leaves the file with mode 0440; it
    knows no lock."""
    keys = directory / "etc" / "client.keys"
    with serving(directory, "-n") as registrar:
        first = registrar.register("web")
        with open(keys, "r+", encoding="ascii") as file:
            file.write("1024 #*#*#*#*#*#*#*#*#*#*#")
        keys.chmod(0o440)
        with open(keys, "a", encoding="ascii") as file:
            file.write(f"1025 hand any {OLD_KEY}\n")
        assert registrar.register("web")[:2] == ("1026", "web")
        assert registrar.register("hand")[:2] == ("1027", "hand2")
    assert admin(directory, "list") == "1025 hand any\n1026 web any\n1027 hand2 any\n"
    assert records(directory)[0] == ["1024", "#*#*#*#*#*#*#*#*#*#*#" + first[3][13:]]
    # and it finds what our command leaves: the same bytes
    admin(directory, "remove", "1025")
    assert records(directory)[1] == ["1025", "#*#*#*#*#*#*#*#*#*#*#" + OLD_KEY[12:]]


def test_count_follows_the_commands(directory, tmp_path):
    """What systemctl status shows, without any agent asking."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(PATIENCE)

    def wait_for(text):
        while text not in listener.recv(4096).decode():
            pass

    with serving(directory, "-n", environment={"NOTIFY_SOCKET": str(tmp_path / "notify")}):
        wait_for("STATUS=0 agents")
        admin(directory, "add", "-n", "web")
        wait_for("STATUS=1 agents")
        admin(directory, "import-file", "-", input="any,aa\nany,bb\n")
        wait_for("STATUS=3 agents")
        admin(directory, "remove", "1")
        wait_for("STATUS=2 agents")
        (directory / "etc" / "client.keys").write_text("")  # another program, in place
        wait_for("STATUS=0 agents")
    listener.close()


# ------------------------------------------------------------------ nothing is lost


def test_adders_beside_the_service(directory):
    """Eight commands at a time, while the service registers 200: every answer is in the file,
    ids and names are unique."""
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            network = [pool.submit(registrar.register, f"net-{i}") for i in range(200)]
            added = [
                pool.submit(admin, directory, "--dialect", "wazuh", "add", "-n", f"cmd-{i}")
                for i in range(64)
            ]
            answers = [future.result(PATIENCE) for future in network]
            printed = [future.result(PATIENCE).split() for future in added]
    stored = records(directory)
    assert len(stored) == 264
    assert len({fields[0] for fields in stored}) == len({fields[1] for fields in stored}) == 264
    assert {tuple(answer) for answer in answers} <= {tuple(fields) for fields in stored}
    assert {tuple(line) for line in printed} <= {tuple(fields[:3]) for fields in stored}


def test_removing_beside_the_service(directory):
    """Each removal writes the file anew, each registration appends to it."""
    admin(directory, "--dialect", "wazuh", "import-file", "-",
          input="".join(f"any,old-{i}\n" for i in range(40)))
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            network = [pool.submit(registrar.register, f"net-{i}") for i in range(100)]
            removed = [
                pool.submit(admin, directory, "remove", *(["--purge"] if i % 2 else []), i + 1)
                for i in range(40)
            ]
            answers = [future.result(PATIENCE) for future in network]
            for future in removed:
                future.result(PATIENCE)
    stored = records(directory)
    assert {tuple(answer) for answer in answers} == {
        tuple(fields) for fields in stored if not fields[1].startswith("!")
    }
    assert sorted(fields[0] for fields in stored if fields[1].startswith("!")) == [
        f"{i:03}" for i in range(1, 41, 2)
    ]


def test_killed_services_and_commands(directory):
    """Kill -9 on whoever is at it: what was printed or answered is there, and the file is whole."""
    known, stop = set(), threading.Event()

    def add(worker):
        for i in range(1000):
            if stop.is_set():
                return
            process = subprocess.Popen([PROGRAM, "-D", directory, "--dialect", "ossec", "add", "-n",
                                        f"cmd-{worker}-{i}"], stdout=subprocess.PIPE, text=True)
            if i % 3 == 2:
                process.kill()
            out, _ = process.communicate()
            if out:
                known.add(tuple(out.split()))

    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            stop.clear()
            adders = [pool.submit(add, f"{_}-{worker}") for worker in range(4)]
            try:
                with serving(directory, "-n") as registrar:
                    for i in range(40):
                        known.add(registrar.register(f"net-{_}-{i}")[:3])
                    registrar.kill()
            finally:
                stop.set()
            for adder in adders:
                adder.result(PATIENCE)
    stored = records(directory)
    assert len(known) > 120
    assert known <= {tuple(fields[:3]) for fields in stored}
    assert len({fields[0] for fields in stored}) == len(stored)


@needs_killer
@pytest.mark.parametrize("command",
                         [["add", "-n", "new"], ["remove", "1025"], ["remove", "--purge", "1025"]],
                         ids=lambda command: "-".join(command))
def test_killed_at_every_system_call(directory, command):
    """The old file or the new one, and the next command works."""
    keys = directory / "etc" / "client.keys"
    before = f"# mine\n1024 web any {OLD_KEY}\n1025 db any {OLD_KEY}\n"
    seen = set()
    for number in range(1, 10000):
        keys.write_text(before)
        ended = kill_at(number, [PROGRAM, "-D", directory, "--dialect", "ossec", *command])
        after = keys.read_text()
        seen.add(re.sub(KEY + "$", "KEY", after))
        assert admin(directory, "--dialect", "ossec", "add", "-n", "next").split()[1] == "next"
        assert sorted(os.listdir(directory / "etc")) == [
            "agent-registrar.dialect", "authd.pass", "client.keys", "sslmanager.cert",
            "sslmanager.key"]
        if ended:
            break
    assert len(seen) == 2, seen


# ------------------------------------------------------------------ full disk


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB, full but for a few bytes of client.keys' last page."""
    mount, umount = need("mount"), need("umount")
    place = tmp_path / "disk"
    (place / "etc").mkdir(parents=True)
    if (
        os.geteuid() != 0
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", place / "etc"], capture_output=True
        ).returncode
        != 0
    ):
        pytest.skip("needs root and the right to mount a tmpfs")
    yield place
    subprocess.run([umount, "-l", place / "etc"], check=True)


@pytest.mark.parametrize("command",
                         [["add", "-n", "new"], ["remove", "1024"], ["import-file", "-"]],
                         ids=lambda command: command[0])
def test_full_disk(small_disk, command):
    keys = small_disk / "etc" / "client.keys"
    line = f"1024 pad any {OLD_KEY}\n"
    before = "#" * (8192 - len(line) - 31) + "\n" + line
    keys.write_text(before)
    with open(small_disk / "etc" / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"x" * 4096)
        except OSError:
            pass
    command = ["-D", small_disk, "--dialect", "ossec", *command]
    done = run(*command, input="any,aa\nany,bb\n")
    assert done.returncode == 78 and "No space left on device" in done.stderr and done.stdout == ""
    assert keys.read_text() == before
    assert sorted(os.listdir(small_disk / "etc")) == ["ballast", "client.keys"]
    (small_disk / "etc" / "ballast").unlink()
    assert run(*command, input="any,aa\nany,bb\n").returncode == 0
