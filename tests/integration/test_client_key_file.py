# SPDX-License-Identifier: ISC
"""A key file that is not a plain file in a plain directory: links, and files that are mounted on
their own."""
import json
import os
import stat

import pytest
from fake_manager import answer
from machine import EXIT_CODES, KEY, OLD_LINE, reply, shell_words

NEW_LINE = f"001 web-01 any {KEY}\n"
IN_PLACE = {"agent.keys_in_place": "yes"}


def link_keys(machine, content):
    """client.keys becomes a link to a file elsewhere. Returns that file."""
    os.mkdir(os.path.join(machine.agent, "data"))
    target = os.path.join(machine.agent, "data", "client.keys")
    if content is not None:
        with open(target, "w", encoding="ascii") as file:
            file.write(content)
    os.symlink("../data/client.keys", machine.keys)
    return target


# ---------------------------------------------------------------- a link to a key


def test_link_to_a_valid_key(machine, start_manager):
    """The agent runs with it, so there is nothing to do, and nothing is wrong."""
    target = link_keys(machine, OLD_LINE)
    manager = start_manager()
    before = machine.snapshot()
    result = machine.register(manager=manager)
    assert result.status == 0 and "Already registered as web-01 (id 007)" in result.stderr, result
    status = machine.register("status", trust=None)
    assert status.status == 0 and f"links to      {target}\n" in status.stdout, status
    shown = json.loads(machine.register("status", "--json", trust=None).stdout)
    assert (shown["registered"], shown["key_file"], shown["key_file_target"]) == (
        True, machine.keys, target)
    check = machine.register("check", manager=manager)
    assert check.status == 0, check
    (text,) = [text for layer, right, text in check.layers if layer == "key file" and right]
    assert target in text and "web-01 (id 007)" in text and "keys_file" in text
    assert machine.snapshot() == before
    assert all(conversation.records == [] for conversation in manager.conversations)


@pytest.mark.parametrize("content", [None, "", "torn", "# " + OLD_LINE],
                         ids=["nowhere", "empty", "torn", "comment"])
def test_link_to_no_key(machine, start_manager, content):
    """Nothing is written through a link, and no manager is asked for what cannot be stored."""
    target = link_keys(machine, content)
    manager = start_manager()
    words = [target if content is not None else "../data/client.keys"]
    machine.fails("storage-error", machine.keys, "symbolic link", "keys_file", *words,
                  manager=manager)
    check = machine.register("check", manager=manager)
    assert check.status == EXIT_CODES["storage-error"], check
    assert machine.register("status", trust=None).status == 3
    assert all(conversation.records == [] for conversation in manager.conversations)


def test_link_that_writes_to_the_terminal(machine, start_manager):
    """The agent's user may make one; what it says stays on one line, without control characters."""
    os.symlink("/nowhere/\x1b[2J\nagent-register: Registered", machine.keys)
    machine.fails("storage-error", r"(to /nowhere/\x1b[2J\nagent-register: Registered)",
                  manager=start_manager())
    assert "\x1b" not in machine.register("status", trust=None).stdout


def test_key_file_in_a_missing_directory(machine, start_manager):
    """The agent's directory is not what is wrong."""
    result = machine.fails("storage-error", "Cannot open /nowhere", "create it",
                           "correct keys_file in [agent]", manager=start_manager(),
                           settings={"agent.keys_file": "/nowhere/client.keys"})
    assert "install the agent" not in result.failure


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("/dev/zero", path)],
                         ids=["directory", "pipe", "endless"])
def test_link_to_what_is_no_file(machine, start_manager, make):
    target = link_keys(machine, None)
    make(target)
    manager = start_manager()
    machine.fails("storage-error", machine.keys, "not a regular file", manager=manager)
    assert machine.register("status", trust=None).status == 71
    assert manager.conversations == []


def test_content_behind_a_link_is_never_shown(machine, start_manager):
    """The agent's user may have made the link, and root reads what that user may not."""
    target = link_keys(machine, "toor:$6$salt$hash-of-a-password:19000:0:99999:7:::\n")
    os.chmod(target, 0o600)
    for arguments in ([], ["status"], ["status", "--json"], ["check"]):
        result = machine.register(*arguments, manager=start_manager())
        for word in ("toor", "salt", "hash-of", "19000"):
            assert word not in result.stdout + result.stderr + "".join(result.state.values())


@pytest.mark.parametrize("command", [["reset", "--yes"], ["run", "--force"]], ids=" ".join)
def test_nothing_is_removed_or_written_through_a_link(machine, start_manager, command):
    target = link_keys(machine, OLD_LINE)
    manager = start_manager()
    before = machine.snapshot()
    result = machine.register(*command, manager=manager)
    assert result.status == EXIT_CODES["storage-error"], result
    assert target in result.stderr and "symbolic link" in result.stderr, result
    assert machine.snapshot() == before
    assert manager.conversations == []


# ---------------------------------------------------------------- a link to the directory


def move_etc(machine):
    """etc becomes a link to a directory elsewhere. Returns that."""
    real = os.path.join(machine.directory, "data")
    os.rename(machine.etc, real)
    os.symlink(real, machine.etc)
    return real


def test_linked_directory(machine, start_manager):
    real = move_etc(machine)
    machine.registers(manager=start_manager())
    assert os.listdir(real) == ["client.keys"]
    machine.registers(manager=start_manager(), force=True)
    assert sorted(os.listdir(real)) == ["client.keys", "client.keys.old"]
    assert machine.register("reset", "--yes").status == 0
    assert os.listdir(real) == []


FOREIGN = {
    "the link is another user's": lambda machine: os.lchown(machine.etc, 65534, 65534),
    "its directory is": lambda machine: os.chown(machine.agent, 65534, 0),
    "its directory can be written by a group": lambda machine: (
        os.chown(machine.agent, 0, 65534), os.chmod(machine.agent, 0o770)),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
def test_directory_linked_by_others(machine, start_manager, as_root, make):
    """Whoever can put the link there must not say where root writes."""
    machine.install_key()
    real = move_etc(machine)
    make(machine)
    manager = start_manager()
    machine.fails("storage-error", machine.etc, "symbolic link", manager=manager, force=True)
    result = machine.register("reset", "--yes")
    assert result.status == EXIT_CODES["storage-error"] and "symbolic link" in result.stderr, result
    assert os.listdir(real) == ["client.keys"]
    assert manager.conversations == []
    # But for reading, it is the agent's key.
    assert machine.register(manager=manager).status == 0


# ---------------------------------------------------------------- what is read-only


def test_read_only_directory_is_named_as_systemd_needs_it(machine, start_manager, mount_namespace):
    real = move_etc(machine)
    words = shell_words(real)
    manager = start_manager()
    result = machine.register(manager=manager,
                              before=f"mount --bind -o ro {words} {words}")
    assert result.status == EXIT_CODES["storage-error"], result
    assert "Read-only file system" in result.failure, result
    assert f"ReadWritePaths={real} " in result.failure, result
    assert "leftover" not in result.failure, result
    assert manager.conversations == []


# ---------------------------------------------------------------- a file mounted on its own


def mounted(machine, content):
    """Shell commands that mount a file with `content` over client.keys, and that file."""
    path = machine.write("mounted", content, 0o604)
    machine.write("ossec/etc/client.keys", "")
    return shell_words("mount", "--bind", path, machine.keys), path


@pytest.mark.parametrize("content", ["", OLD_LINE, "torn"], ids=["empty", "a key", "torn"])
def test_mounted_file_is_refused(machine, start_manager, mount_namespace, content):
    mount, path = mounted(machine, content)
    manager = start_manager()
    result = machine.register(manager=manager, before=mount, force=True)
    assert result.status == EXIT_CODES["storage-error"], result
    assert "keys_in_place" in result.failure and "mount its directory" in result.failure, result
    reset = machine.register("reset", "--yes", before=mount)
    assert reset.status == EXIT_CODES["storage-error"] and "keys_in_place" in reset.stderr, reset
    with open(path, encoding="ascii") as file:
        assert file.read() == content
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o604
    assert manager.conversations == []


@pytest.mark.parametrize("content, kept", [("", None), (OLD_LINE, "old"), ("torn", "torn"),
                                           (OLD_LINE + "# a comment\n" * 30, "old")],
                         ids=["empty", "a key", "torn", "much longer"])
def test_mounted_file_is_written_in_place(machine, start_manager, mount_namespace, content, kept):
    """... if the configuration says so; and the log says what is lost."""
    mount, path = mounted(machine, content)
    inode = os.stat(path).st_ino
    result = machine.register(manager=start_manager(), before=mount, force=True, settings=IN_PLACE)
    assert result.status == 0, result
    assert "mount point" in result.stderr and "not atomically" in result.stderr, result
    with open(path, encoding="ascii") as file:
        assert file.read() == NEW_LINE
    status = os.stat(path)
    assert (status.st_ino, stat.S_IMODE(status.st_mode)) == (inode, 0o640)
    assert machine.files() == ["client.keys"] + ([f"client.keys.{kept}"] if kept else [])
    if kept:
        with open(f"{machine.keys}.{kept}", encoding="ascii") as file:
            assert file.read() == content


def test_mounted_file_is_left_alone_without_a_key(machine, start_manager, mount_namespace):
    """Neither a refusal nor `check` changes content, owner or mode."""
    mount, path = mounted(machine, OLD_LINE)
    before = os.stat(path)
    manager = start_manager(answer(b"ERROR: Invalid password\n\n"))
    result = machine.register(manager=manager, before=mount, force=True, settings=IN_PLACE)
    assert result.status == EXIT_CODES["refused"], result
    check = machine.register("check", manager=manager, before=mount, settings=IN_PLACE)
    (text,) = [text for layer, _, text in check.layers if layer == "key file"]
    assert "not atomically" in text and "web-01 (id 007)" in text
    after = os.stat(path)
    assert (after.st_mode, after.st_uid, after.st_gid, after.st_size) == (
        before.st_mode, before.st_uid, before.st_gid, before.st_size)
    with open(path, encoding="ascii") as file:
        assert file.read() == OLD_LINE


@pytest.mark.parametrize("mount_options, words", [
    ("--bind -o ro", "Read-only file system"),
])
def test_read_only_mounted_file(machine, start_manager, mount_namespace, mount_options, words):
    path = machine.write("mounted", OLD_LINE)
    machine.write("ossec/etc/client.keys", "")
    manager = start_manager()
    result = machine.register(
        manager=manager, force=True, settings=IN_PLACE,
        before=f"mount {mount_options} {shell_words(path, machine.keys)}")
    assert result.status == EXIT_CODES["storage-error"] and words in result.failure, result
    assert manager.conversations == []


def test_reset_empties_a_mounted_file(machine, mount_namespace):
    mount, path = mounted(machine, OLD_LINE)
    machine.write("ossec/etc/client.keys.old", OLD_LINE)
    result = machine.register("reset", "--yes", before=mount, settings=IN_PLACE)
    assert result.status == 0, result
    assert os.path.getsize(path) == 0
    assert machine.files() == ["client.keys"]


def test_other_files_stay_atomic(machine, start_manager):
    """keys_in_place is for mount points: any other file is replaced."""
    machine.install_key()
    inode = os.stat(machine.keys).st_ino
    result = machine.registers(manager=start_manager(), force=True, settings=IN_PLACE)
    assert os.stat(machine.keys).st_ino != inode
    assert "in place" not in result.stderr


def test_interrupted_write_is_no_key(machine, start_manager):
    """What a crash leaves of a file that was written in place: kept as a backup, and a new key."""
    machine.install_key(b"\0" + NEW_LINE[1:].encode())
    machine.registers(line=f"002 web-01 any {KEY}\n",
                      manager=start_manager(answer(reply(id="002"))))
    assert machine.files() == ["client.keys", "client.keys.torn"]
