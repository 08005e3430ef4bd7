# SPDX-License-Identifier: ISC
"""agent-auth and the key file, and who may call it."""
import hashlib
import os
import signal
import subprocess
import threading

import pytest
from agent_auth import errors, request, warnings
from machine import KEY, OLD_KEY, OLD_LINE, PATIENCE, NotifySocket, reply, shell_words

OLD_HASH = hashlib.sha1(f"007web-01{OLD_KEY}".encode()).hexdigest()
UNVERIFIED = "not verified"

# ------------------------------------------------------------------ the key file


def test_registers_though_there_is_a_key(agent_auth, start_manager):
    agent_auth.install_key()
    manager = start_manager()
    agent_auth.registers(manager=manager)
    assert request(manager) == f"OSSEC A:'web-01' K:'{OLD_HASH}'"
    with open(agent_auth.keys + ".old", encoding="ascii") as file:
        assert file.read() == OLD_LINE
    assert agent_auth.files() == ["client.keys", "client.keys.old"]
    assert not os.path.exists(agent_auth.counter)


def test_a_later_run_of_the_service_has_nothing_to_do(agent_auth, machine, start_manager):
    """State and binding are written as always."""
    manager = start_manager()
    agent_auth.registers(manager=manager)
    machine.agent, machine.state_directory = agent_auth.agent, agent_auth.state_directory
    machine.keys = agent_auth.keys
    result = machine.register(manager=manager)
    assert result.status == 0, result
    assert "Already registered as web-01 (id 001); nothing to do" in result.stderr, result
    status = machine.register("status", trust=None)
    assert f"127.0.0.1:{manager.port}" in status.stdout and "authd" in status.stdout
    assert len(manager.conversations) == 1


def test_a_key_that_is_no_key_is_kept_aside(agent_auth, start_manager):
    agent_auth.install_key("003 old 999.9.9.9 aaaa\n")
    result = agent_auth.registers(manager=start_manager(), trust="ca")
    assert agent_auth.files() == ["client.keys", "client.keys.torn"]
    assert len(warnings(result)) == 1 and "client.keys.torn" in warnings(result)[0]


def test_symbolic_link(agent_auth, start_manager):
    os.symlink(agent_auth.write("elsewhere", OLD_LINE), agent_auth.keys)
    manager = start_manager()
    agent_auth.fails("Unable to open key file: ", "symbolic link", manager=manager)
    assert manager.conversations == []


def test_no_installation(agent_auth, start_manager):
    manager = start_manager()
    agent_auth.fails("Unable to open key file: ", "give -D", manager=manager,
                     arguments=["-D", "/nowhere"])
    assert manager.conversations == []


@pytest.mark.usefixtures("mount_namespace")
def test_full_disk(agent_auth, start_manager):
    """Both originals report success and lose the old key."""
    manager = start_manager()
    old = OLD_LINE.replace(OLD_KEY, "0" * 64)
    etc, keys, line = (shell_words(each) for each in (agent_auth.etc, agent_auth.keys, old))
    result = agent_auth.register(
        manager=manager,
        after=f"cat {keys}; ls -A {etc}",
        before=f"mount -t tmpfs -o size=8k none {etc}; printf %s {line} >{keys}; "
        f"head -c 4096 /dev/zero >{etc}/filler",
    )
    assert result.status == 1 and manager.conversations == [], result
    assert result.stdout == old + "client.keys\nfiller\n"
    assert "Unable to open key file: " in errors(result)[0]
    assert "No space left on device" in errors(result)[0]


# ------------------------------------------------------------------ who calls


def test_systemd_is_not_told_for_a_caller(agent_auth, start_manager, tmp_path):
    """A service that calls agent-auth has a notification socket of its own."""
    listener = NotifySocket(tmp_path)
    agent_auth.registers(manager=start_manager(), environment=listener.environment)
    assert listener.rest() == []
    listener.close()


def test_the_journal_is_not_written_to(agent_auth, start_manager, tmp_path):
    """Its lines go to the streams also when standard error is the journal's."""
    status = os.stat(tmp_path)
    result = agent_auth.registers(
        manager=start_manager(), environment={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
    )
    assert UNVERIFIED in warnings(result)[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped(agent_auth, start_manager, number):
    agent_auth.install_key()
    before = agent_auth.snapshot()
    reached = threading.Event()

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        reached.set()
        conversation.wait_for_end()
    run = agent_auth.start(manager=start_manager(script))
    assert reached.wait(PATIENCE)
    run.kill(number)
    result = run.finish()
    assert result.status == -number and errors(result) == [] and agent_auth.snapshot() == before


@pytest.mark.usefixtures("mount_namespace")
def test_another_user(agent_auth, start_manager):
    """The originals insist on root; here it is enough to be allowed to write. There is no agent's
    group, into which only its members could put the file."""
    groups = shell_words(agent_auth.write("group", "root:x:0:\n"))
    os.chmod(agent_auth.etc, 0o777)
    os.makedirs(agent_auth.state_directory)
    os.chmod(agent_auth.state_directory, 0o777)
    agent_auth.registers(manager=start_manager(), user=65534,
                         before=f"mount --bind {groups} /etc/group")
    assert os.stat(agent_auth.keys).st_uid == 65534


@pytest.mark.parametrize("closed", ["<&-", ">&- 2>&-", "<&- >&- 2>&-"],
                         ids=["input", "output", "all"])
def test_closed_streams(agent_auth, start_manager, closed):
    """Whether somebody reads the lines does not decide whether the key is stored, and no file
    gets them instead."""
    seen = []

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        if os.geteuid() == 0:  # what is not dumpable belongs to root
            seen.extend(os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3))
        conversation.send(reply())
        conversation.finish()
    command = agent_auth.command(
        "-d", manager=start_manager(lambda conversation: started.wait() and script(conversation))
    )
    started = threading.Event()
    with subprocess.Popen(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=agent_auth.environment(),
    ) as process:
        started.set()
        assert process.wait(PATIENCE) == 0
    assert agent_auth.read_keys() == f"001 web-01 any {KEY}\n".encode()
    streams = ["<&-", ">&-", "2>&-"]
    if os.geteuid() == 0:
        assert [name == "/dev/null" for name, stream in zip(seen, streams) if stream in closed] == [
            True
        ] * closed.count("&-")
