# SPDX-License-Identifier: ISC
"""The key file: a key is stored whole or not at all, and none is asked for that could not be
stored."""
import grp
import os
import stat
import subprocess

import pytest
from machine import EXIT_CODES, KEY, OLD_KEY, OLD_LINE, PROMPT, reply, shell_words
from fake_manager import answer

NEW_LINE = f"001 web-01 any {KEY}\n"


def inspect(look):
    """A script that answers, and calls `look` when the request arrives."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        look()
        conversation.send(reply())
        conversation.finish()
    return script


@pytest.mark.parametrize("old", [None, "", OLD_LINE, "torn"],
                         ids=["no file", "empty", "a key", "torn"])
def test_staged_before_the_request(machine, start_manager, as_root, old):
    """When the request arrives, the new file lies there with its final owner, group and mode,
    and the old one as well."""
    seen = {}
    group = grp.getgrgid(65534 if any(each.gr_gid == 65534 for each in grp.getgrall()) else 1)

    def look():
        status = os.lstat(os.path.join(machine.etc, ".client.keys.new"))
        seen.update(mode=stat.S_IMODE(status.st_mode), owner=(status.st_uid, status.st_gid),
                    size=status.st_size, reserved=status.st_blocks, inode=status.st_ino,
                    old=machine.read_keys(), counter=os.path.exists(machine.counter))
    if old is not None:
        machine.install_key(old)
    machine.registers(manager=start_manager(inspect(look)), settings={"agent.group": group.gr_name},
                      force=True)
    assert seen.pop("old") == (None if old is None else old.encode())
    assert seen.pop("counter") == (old is not None)
    assert seen.pop("reserved") > 0
    inode = seen.pop("inode")
    assert seen == {"mode": 0o640, "owner": (0, group.gr_gid), "size": 0}
    status = os.lstat(machine.keys)
    assert (status.st_ino, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (
        inode, 0o640, 0, group.gr_gid
    )


# With the last, only root can enter the directories that it makes.
ROOTS_UMASK = pytest.param(0o177, marks=pytest.mark.skipif(os.geteuid() != 0, reason="needs root"))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, ROOTS_UMASK], ids=oct)
def test_umask_changes_nothing(machine, start_manager, umask):
    before = os.umask(umask)
    try:
        machine.registers(manager=start_manager())
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.lstat(machine.keys).st_mode) == 0o640


# OSSEC's and Wazuh's counter of what the agent sends, and of what it receives under its id.
COUNTERS = ["001", "1024", "sender", "sender_counter"]


def write_counters(machine):
    for name in COUNTERS:
        machine.write(f"ossec/queue/rids/{name}", "0:1281:")


def counters(machine):
    return sorted(os.listdir(os.path.dirname(machine.counter)))


@pytest.mark.parametrize("old_key", [False, True])
def test_new_key_takes_all_counters_along(machine, start_manager, old_key):
    """Those of an earlier life of the id keep the agent out ("Duplicated counter")."""
    if old_key:
        machine.install_key()
    write_counters(machine)
    result = machine.registers(manager=start_manager(), force=True)
    assert counters(machine) == [] and "counters_of" not in result.state


def test_same_key_keeps_its_counters(machine, start_manager):
    """The manager has seen them: beginning anew would be a repetition for it."""
    machine.install_key(NEW_LINE)
    write_counters(machine)
    result = machine.register(manager=start_manager(), force=True)
    assert result.status == 0 and machine.read_keys() == NEW_LINE.encode(), result
    assert counters(machine) == COUNTERS and "counters_of" not in result.state, result


def test_counters_of_a_key_that_was_never_stored(machine, start_manager):
    """A run that was killed before it stored its key: the old key keeps its counters."""
    machine.install_key()
    machine.register(trust=None)  # adopts the key
    state = os.path.join(machine.state_directory, "state")
    with open(state, "r+", encoding="ascii") as file:
        text = file.read().rstrip("\n")
        file.seek(0)
        file.write(f"{text}\ncounters_of={'a' * 16}\n")
    write_counters(machine)
    result = machine.register(manager=start_manager())
    assert result.status == 0 and machine.read_keys() == OLD_LINE.encode(), result
    assert counters(machine) == COUNTERS and "counters_of" not in result.state, result


def test_no_counter_directory_is_no_obstacle(machine, start_manager):
    os.rmdir(os.path.dirname(machine.counter))
    machine.registers(manager=start_manager())


def test_counters_that_cannot_be_removed(machine, start_manager, chattr):
    """The key is stored all the same, a warning names the counter, and the next run removes it."""
    write_counters(machine)
    directory = os.path.dirname(machine.counter)
    chattr("i", directory)
    result = machine.register(manager=start_manager())
    assert result.status == 0 and f"{directory}/" in result.failure, result
    assert machine.read_keys() == NEW_LINE.encode()
    subprocess.run(["chattr", "-i", directory], check=True)
    result = machine.register()
    assert result.status == 0 and counters(machine) == [], result
    assert "counters_of" not in result.state, result


def test_keys_file_elsewhere(machine, start_manager):
    elsewhere = os.path.join(machine.directory, "keys")
    result = machine.register(manager=start_manager(), settings={"agent.keys_file": elsewhere})
    assert result.status == 0 and elsewhere in result.stderr, result
    with open(elsewhere, encoding="ascii") as file:
        assert file.read() == NEW_LINE
    assert machine.files() == []


# ------------------------------------------------------------------ what lies there

# A file, and whether it counts as a key.
FILES = {
    "a key": (OLD_LINE, True),
    "no newline": (OLD_LINE.rstrip("\n"), True),
    "CIDR": (f"007 web-01 10.0.0.0/8 {OLD_KEY}\n", True),
    "of another name": (f"007 other any {OLD_KEY}\n", True),
    "two keys": (OLD_LINE + f"008 web-02 any {KEY}\n", True),
    "comment in front": ("# comment\n\n" + OLD_LINE, True),
    "removed entry in front": (f"006 !web-00 any {KEY}\n" + OLD_LINE, True),
    "an unusual key": ("007 web-01 any abcdef\n", True),
    "empty": ("", False),
    "blank lines": ("\n\n \n", False),
    "only a comment": ("# 007 web-01 any abc\n", False),
    "only a removed entry": (f"007 !web-01 any {OLD_KEY}\n", False),
}


@pytest.mark.parametrize("content, counts", FILES.values(), ids=FILES.keys())
def test_what_counts_as_a_key(machine, start_manager, content, counts):
    machine.install_key(content)
    manager = start_manager()
    if not counts:
        machine.registers(manager=manager)
        assert "client.keys.torn" not in machine.files()
        return
    before = machine.snapshot()
    result = machine.register(manager=manager)
    assert result.status == 0 and result.failures == [], result
    assert "Already registered as " in result.stderr and "(id 007)" in result.stderr
    assert manager.conversations == []
    assert machine.snapshot() == before


TORN = {
    "cut in the id": "00",
    "cut in the name": "007 web",
    "cut in the key": OLD_LINE[:40],
    "cut in the key, unusual": "007 web-01 any abcdef",
    "zeros": "\0" * 90,
    "binary": b"\x7fELF\x02\x01\xff\xfe",
    "junk": "hello\n",
    "three fields": "007 web-01 any\n",
    "five fields": OLD_LINE.rstrip("\n") + " more\n",
    "bad address": f"007 web-01 foo {OLD_KEY}\n",
    "carriage returns": OLD_LINE.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("content", TORN.values(), ids=TORN.keys())
def test_torn_file_is_kept_aside(machine, start_manager, content):
    machine.install_key(content)
    manager = start_manager()
    result = machine.register(manager=manager)
    assert result.status == 0, result
    assert machine.read_keys() == NEW_LINE.encode()
    assert manager.requests == [b"OSSEC A:'web-01'\n"]
    with open(machine.keys + ".torn", "rb") as file:
        assert file.read() == (content if isinstance(content, bytes) else content.encode())


def test_torn_file_stays_when_there_is_no_new_key(machine, start_manager):
    machine.install_key("007 web")
    machine.fails("protocol-error", manager=start_manager(answer(b"hello")))
    assert machine.files() == ["client.keys"]


def test_forced_registration_keeps_the_old_key_aside(machine, start_manager):
    machine.install_key()
    machine.registers(manager=start_manager(), force=True)
    with open(machine.keys + ".old", encoding="ascii") as file:
        assert file.read() == OLD_LINE
    assert stat.S_IMODE(os.lstat(machine.keys + ".old").st_mode) == 0o600


# ------------------------------------------------------------------ where nothing can be stored

# What stands in the way: done to the machine before the run; words of the message.


def directory_in_place(machine):
    os.mkdir(machine.keys)


def dangling_symlink(machine):
    os.symlink("/nowhere/client.keys", machine.keys)


def symlink_to_a_key(machine):
    os.rename(machine.keys, machine.keys + ".real")
    os.symlink(machine.keys + ".real", machine.keys)


def fifo(machine):
    os.mkfifo(machine.keys)


def no_directory(machine):
    os.rmdir(machine.etc)


def a_file_for_a_directory(machine):
    os.rmdir(machine.etc)
    machine.write("ossec/etc", "")


def directory_where_it_is_staged(machine):
    os.mkdir(os.path.join(machine.etc, ".client.keys.new"))


OBSTACLES = {
    "replace it with a directory": (None, directory_in_place, "not a regular file"),
    "a symbolic link to nowhere": (None, dangling_symlink, "symbolic link"),
    "a symbolic link to a key": (OLD_LINE, symlink_to_a_key, "symbolic link"),
    "a pipe": (None, fifo, "not a regular file"),
    "no directory": (None, no_directory, "install the agent"),
    "a file for a directory": (None, a_file_for_a_directory, "Not a directory"),
}


@pytest.mark.parametrize("content, obstruct, words", OBSTACLES.values(), ids=OBSTACLES.keys())
def test_obstacle(machine, start_manager, content, obstruct, words):
    if content:
        machine.install_key(content)
    obstruct(machine)
    manager = start_manager()
    machine.fails("storage-error", machine.etc, words, manager=manager, force=True)
    assert manager.conversations == []


def test_leftover_that_cannot_be_removed(machine, start_manager):
    machine.install_key()
    directory_where_it_is_staged(machine)
    manager = start_manager()
    run = machine.start(manager=manager, force=True)
    run.check = lambda result: None
    result = run.finish()
    assert result.status == EXIT_CODES["storage-error"], result
    assert ".client.keys.new" in result.failure, result
    assert manager.conversations == [] and machine.read_keys() == OLD_LINE.encode()


def test_unknown_group(machine, start_manager):
    machine.install_key()
    manager = start_manager()
    machine.fails("storage-error", "'no-such-group'", "group in [agent]", manager=manager,
                  force=True, settings={"agent.group": "no-such-group"})
    assert manager.conversations == []


@pytest.mark.parametrize("flag, word", [("i", "immutable"), ("a", "append-only")],
                         ids=["immutable", "append-only"])
@pytest.mark.parametrize("content", [OLD_LINE, "torn", ""], ids=["a key", "torn", "empty"])
def test_marked_file(machine, start_manager, chattr, content, flag, word):
    machine.install_key(content)
    chattr(flag, machine.keys)
    manager = start_manager()
    machine.fails("storage-error", machine.keys, word, f"chattr -{flag}", manager=manager,
                  force=True)
    assert manager.conversations == []


def test_marked_directory(machine, start_manager, chattr):
    machine.install_key()
    chattr("i", machine.etc)
    manager = start_manager()
    machine.fails("storage-error", machine.keys, f"chattr -i -a {machine.etc}", manager=manager,
                  force=True)
    assert manager.conversations == []


def test_foreign_directory(machine, start_manager, as_root):
    """As a user who may read the key file but not replace it."""
    machine.install_key()
    os.chmod(machine.keys, 0o644)
    os.mkdir(machine.state_directory)
    os.chown(machine.state_directory, 65534, 65534)
    os.chmod(machine.certificates.directory, 0o755)
    trust = ["--ca", machine.write("ca.pem", open(machine.certificates.ca(), "rb").read())]
    manager = start_manager()
    machine.fails("storage-error", "Permission denied", manager=manager, force=True, trust=trust,
                  user=65534)
    assert manager.conversations == []


def run_on(machine, manager, prepare, **options):
    """Run with a file system of its own on the key file's directory. Returns the Result; its
    stdout is the old key and the directory as they were at the end."""
    etc, keys = shell_words(machine.etc), shell_words(machine.keys)
    return machine.register(manager=manager,
                            before=prepare.format(etc=etc, keys=keys, line=shell_words(OLD_LINE)),
                            after=f"cat {keys}; ls -A {etc}", **options)


FILE_SYSTEMS = {
    "full": (
        "mount -t tmpfs -o size=8k none {etc}; printf %s {line} >{keys}; head -c 4096 /dev/zero "
        ">{etc}/filler",
        "No space left on device",
    ),
    "without inodes": (
        "mount -t tmpfs -o nr_inodes=3 none {etc}; printf %s {line} >{keys}; : >{etc}/filler",
        "No space left on device",
    ),
    "read-only": (
        "mount -t tmpfs none {etc}; printf %s {line} >{keys}; : >{etc}/filler; mount -o "
        "remount,ro {etc}",
        "Read-only file system",
    ),
}


@pytest.mark.parametrize("prepare, words", FILE_SYSTEMS.values(), ids=FILE_SYSTEMS.keys())
def test_file_system(machine, start_manager, mount_namespace, prepare, words):
    manager = start_manager()
    result = run_on(machine, manager, prepare, force=True)
    assert result.status == EXIT_CODES["storage-error"], result
    assert words in result.failure and machine.etc in result.failure
    assert result.state["last_outcome"] == "storage-error"
    assert result.stdout == OLD_LINE + "client.keys\nfiller\n"
    assert manager.conversations == []


def test_room_is_reserved(machine, start_manager, mount_namespace):
    """A disk that fills up between the request and the answer does not cost the key."""
    manager = start_manager()
    result = run_on(machine, manager,
                    "mount -t tmpfs -o size=12k none {etc}; head -c 8192 /dev/zero >{etc}/filler")
    assert result.status == 0, result
    assert result.stdout == NEW_LINE + "client.keys\nfiller\n"


def test_key_file_that_is_a_mount_point(machine, start_manager, mount_namespace):
    """Bind mounts of single files are common in containers: rename(2) cannot replace them."""
    machine.install_key()
    manager = start_manager()
    result = machine.register(manager=manager,
                              before=shell_words("mount", "--bind", machine.keys, machine.keys),
                              force=True)
    assert result.status == EXIT_CODES["storage-error"] and "mount point" in result.failure, result
    assert machine.read_keys() == OLD_LINE.encode()
    assert manager.conversations == []


# ---------------------------------------------------------- when it goes wrong with the key in hand


@pytest.mark.parametrize("old", [None, OLD_LINE, "torn"], ids=["no file", "a key", "torn"])
def test_directory_that_is_marked_meanwhile(machine, start_manager, chattr, old):
    """The new file can be written but not put in its place: the old one stays, under its name."""
    if old:
        machine.install_key(old)
    run = machine.start(manager=start_manager(inspect(lambda: chattr("i", machine.etc))),
                        force=True)
    run.check = lambda result: None  # the staged file cannot be removed either
    result = run.finish()
    assert result.status == EXIT_CODES["storage-error"] and machine.etc in result.failure, result
    assert machine.read_keys() == (old.encode() if old else None)
    assert not old or os.path.exists(machine.counter)
    assert machine.files() == [".client.keys.new"] + (["client.keys"] if old else [])


def test_file_that_is_marked_meanwhile(machine, start_manager, chattr):
    machine.install_key()
    result = machine.register(manager=start_manager(inspect(lambda: chattr("i", machine.keys))),
                              force=True)
    assert result.status == EXIT_CODES["storage-error"] and machine.keys in result.failure, result
    assert machine.read_keys() == OLD_LINE.encode()
    assert os.path.exists(machine.counter)


def test_directory_that_is_moved_meanwhile(machine, start_manager):
    """The key goes where it was staged: the directory was opened once."""
    moved = machine.etc + ".moved"
    result = machine.register(manager=start_manager(inspect(lambda: os.rename(machine.etc, moved))))
    os.rename(moved, machine.etc)
    assert result.status == 0, result
    assert machine.read_keys() == NEW_LINE.encode()


# ------------------------------------------------------------------ two at once


def test_second_process_says_who_holds_the_lock(machine, start_manager):
    seen = {}

    def look():
        seen["second"] = machine.start(manager=unasked, force=True)
        seen["second"].check = lambda result: None  # the first one's staged file is there
        seen["result"] = seen["second"].finish()
    unasked, manager = start_manager(), start_manager(inspect(look))
    machine.install_key()
    run = machine.start(manager=manager, force=True)
    assert run.finish().status == 0
    second = seen["result"]
    assert second.status == EXIT_CODES["not-ready"], second
    assert f"{machine.etc} is still locked by process {run.pid} (" in second.failure
    assert second.seconds < PROMPT
    assert unasked.conversations == []
    assert machine.read_keys() == NEW_LINE.encode()


def test_second_process_waits_and_finds_the_key(machine, start_manager):
    """At first boot two are started: one asks, the other finds what it got."""
    seen = {}

    def look():
        seen["second"] = machine.start(manager=unasked, settings={"retry.budget": "20 s"})
        seen["pid"] = seen["second"].wait_for_line(r"locked by process (\d+) \(\S+\); waiting")[1]
    unasked, manager = start_manager(), start_manager(inspect(look))
    run = machine.start(manager=manager)
    assert run.finish().status == 0
    second = seen["second"].finish()
    assert seen["pid"] == str(run.pid)
    assert second.status == 0 and second.failures == [], second
    assert "Already registered as web-01 (id 001)" in second.stderr
    assert unasked.conversations == []
    assert machine.read_keys() == NEW_LINE.encode()


def test_ten_at_once_make_one_request(machine, start_manager):
    manager = start_manager()
    runs = [machine.start(manager=manager, settings={"retry.budget": "20 s"}) for _ in range(10)]
    for run in runs:
        run.check = lambda result: None  # one may end while another has its file staged
    assert [run.finish().status for run in runs] == [0] * 10
    assert len(manager.requests) == 1
    assert machine.files() == ["client.keys"]
