# SPDX-License-Identifier: ISC
"""client.keys: never torn, never glued, never behind an answer."""

import concurrent.futures
import fcntl
import os
import shutil
import subprocess
import threading

import pytest

from registrar_tools import PATIENCE, Registrar, need, run, serving

KEY = "5a" * 32
GOOD = f"1024 old any {KEY}\n"


@pytest.mark.parametrize("group", [None, 13])
def test_made_when_missing(directory, group):
    """With the group of the directory, or the one that -g names."""
    if os.geteuid() == 0:
        os.chown(directory / "etc", -1, 12)
    elif group:
        pytest.skip("giving files to another group needs root")
    old = os.umask(0o777)
    try:
        with serving(directory, "-n", *(["-g", group] if group else [])) as registrar:
            status = registrar.keys_file.stat()
            assert status.st_mode & 0o777 == 0o640
            assert status.st_gid == (group or (directory / "etc").stat().st_gid)
            assert registrar.register("web")
    finally:
        os.umask(old)


@pytest.mark.parametrize("last", [GOOD[:-1], f"1024 old any {KEY[:20]}", "1024 ol", "1024"])
def test_a_line_without_end_is_never_glued_to(directory, last):
    keys = directory / "etc" / "client.keys"
    keys.write_text(f"1025 first any {KEY}\n" + last)
    with serving(directory, "-n") as registrar:
        assert "no newline" in registrar.log
        agent = registrar.register("web")
        assert agent[0] == "1026"  # the id of the torn line stays taken
    assert keys.read_text() == f"1025 first any {KEY}\n{last}\n{' '.join(agent)}\n"


def test_damaged_lines_are_kept_and_named(directory):
    keys = directory / "etc" / "client.keys"
    content = (f"# comment\n\n1024 bad name any {KEY}\n{GOOD.replace('1024', '1025')}\x00\n 7 "
               f"blank\r\n1030 x any {KEY}\r\n")
    keys.write_text(content, newline="")
    with serving(directory, "-n") as registrar:
        assert "Line 3 of" in registrar.log and "Line 7 of" in registrar.log
        assert KEY not in registrar.log
        agent = registrar.register("web")
        assert agent[0] == "1031"  # the id of the damaged line stays taken
    assert keys.read_bytes().decode() == content + " ".join(agent) + "\n"


def test_changes_by_others_are_seen(registrar):
    """manage_agents edits the file while we run."""
    registrar.register("one")
    with open(registrar.keys_file, "a", encoding="ascii") as keys:
        keys.write(f"1025 two any {KEY}\n")
    assert registrar.register("two")[:2] == ("1026", "two2")
    registrar.keys_file.unlink()
    assert registrar.register("two")[:2] == ("1024", "two")
    assert len(registrar.keys()) == 1


@pytest.mark.usefixtures("as_root")
def test_read_only_file_of_manage_agents(directory):
    keys = directory / "etc" / "client.keys"
    keys.write_text(GOOD)
    keys.chmod(0o440)
    with serving(directory, "-n") as registrar:
        assert registrar.register("web")
    assert keys.stat().st_mode & 0o777 == 0o440


def test_a_linked_directory_is_followed(directory, tmp_path):
    """Of root, where nobody else can have made the link. The file itself may be none."""
    real = tmp_path / "real"
    (directory / "etc").rename(real)
    (directory / "etc").symlink_to(real)
    keys = real / "client.keys"
    keys.write_text(GOOD)
    with serving(directory, "-n", "--on-duplicate", "replace") as registrar:
        registrar.register("old")
        registrar.register("web")
    assert (directory / "etc").is_symlink()
    lines = [line.split()[:2] for line in keys.read_text().splitlines()]
    assert lines[1:] == [["1025", "old"], ["1026", "web"]]
    assert len(lines) == 3 and lines[0][1].startswith("#*#*")  # of whom it replaced


def test_waits_for_the_lock_of_another_program(registrar):
    lock = os.open(registrar.directory / "etc", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(registrar.register, "web")
        # others get as far as they can: the loop is not blocked
        with registrar.open() as client:
            client.send("OSSEC A:'x")
        registrar.wait_for_line("Refused .*Invalid request")
        assert not waiting.done()
        os.close(lock)
        assert waiting.result(PATIENCE)


def test_a_lock_that_stays_costs_nobody_more_than_the_deadline(directory):
    with serving(directory, "-n", "--timeout", "1") as registrar:
        lock = os.open(directory / "etc", os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert registrar.ask("OSSEC A:'web'\n") == ([
            "ERROR: Internal manager error adding agent: web\n\n",
            "ERROR: Unable to add agent.\n\n"
        ], "eof")
        registrar.wait_for_line("client.keys stayed locked by another program .*127")
        os.close(lock)
        assert registrar.register("next")[0] == "1024"
        assert len(registrar.keys()) == 1


def test_a_lock_that_stays_in_the_dialect_of_wazuh(directory):
    with serving(directory, "-n", "--timeout", "1", "--dialect", "wazuh") as registrar:
        lock = os.open(directory / "etc", os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert registrar.ask("OSSEC A:'web'\n") == (
            ["ERROR: Internal manager error adding agent: web. Unable to add agent"],
            "close_notify")
        os.close(lock)
        assert registrar.register("next")


def test_stops_while_the_lock_is_held(registrar):
    lock = os.open(registrar.directory / "etc", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with registrar.open() as client:
        client.send("OSSEC A:'web'\n")
        with registrar.open() as other:  # answered at once, so the first has been read by now
            other.send("rubbish\n")
            other.reply()
        assert registrar.stop() == 0
        assert client.reply().records == []
    os.close(lock)
    assert registrar.keys() == []


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_ended_under_load(directory, end):
    """Whoever has an answer is in the file, and no line is torn, whenever the registrar ends.

    When it is stopped and not killed, whoever is in the file also has an answer.
    """
    answered = []

    def enroll(registrar, worker, stop):
        i = 0
        while not stop.is_set():
            try:
                answered.append(registrar.register(f"{registrar.port}-{worker}-{i}"))
            except (OSError, AssertionError):
                if registrar.process.poll() is not None:
                    return
            i += 1

    for round_ in range(3):
        registrar = Registrar(directory, "-n", "--on-duplicate", "refuse")
        before, stop = len(answered), threading.Event()
        threads = [threading.Thread(target=enroll, args=(registrar, i, stop)) for i in range(8)]
        for thread in threads:
            thread.start()
        registrar.wait_for_line(r"Registered \S+-1[0-9] as")
        getattr(registrar, end)()
        stop.set()
        for thread in threads:
            thread.join(60)
        assert len(answered) > before
    with serving(directory, "-n") as registrar:
        assert "Line" not in registrar.log and "newline" not in registrar.log
        registrar.register("afterwards")
        keys = registrar.keys()
    assert all(len(fields) == 4 and len(fields[3]) == 64 for fields in keys)
    assert len({fields[0] for fields in keys}) == len(keys)
    stored = {tuple(fields) for fields in keys}
    assert set(answered) <= stored
    if end == "stop":
        assert {agent[1] for agent in answered} | {"afterwards"} == {fields[1] for fields in stored}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB."""
    mount, umount = need("mount"), need("umount")
    place = tmp_path / "disk"
    place.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True
        ).returncode
        != 0
    ):
        pytest.skip("needs root and the right to mount a tmpfs")
    yield place
    subprocess.run([umount, "-l", place], check=True)


@pytest.mark.parametrize("policy", ["rename", "replace"])
def test_full_disk(directory, small_disk, policy):
    keys = small_disk / "client.keys"
    # Ends a few bytes before a page: the next line fits only in part, which is what a torn line is
    # made of.
    line = f"1024 pad any {KEY}\n"
    filler = "#" * (8192 - len(line) - 31) + "\n"
    keys.write_text(filler + line)
    shutil.copytree(directory / "etc", small_disk, dirs_exist_ok=True)
    shutil.rmtree(directory / "etc")
    (directory / "etc").symlink_to(small_disk)
    there = {"ballast", "agent-registrar.dialect", *os.listdir(small_disk)}
    with serving(directory, "-n", "--on-duplicate", policy) as registrar:
        with open(small_disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                pass
        name = "pad" if policy == "replace" else "web"
        reply = registrar.ask(f"OSSEC A:'{name}'\n")
        assert reply.records[0] == f"ERROR: Internal manager error adding agent: {name}\n\n"
        registrar.wait_for_line("No space left on device")
        assert keys.read_text() == filler + line
        (small_disk / "ballast").unlink()
        assert registrar.register(name)[1] == name
    assert there.issuperset(os.listdir(small_disk))


def test_a_directory_in_its_place_is_told_at_the_start(directory):
    (directory / "etc" / "client.keys").mkdir()
    done = run("-D", directory, "-n", "-p", "0", "serve")
    assert done.returncode == 78 and "client.keys" in done.stderr
