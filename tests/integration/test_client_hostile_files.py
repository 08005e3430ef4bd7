# SPDX-License-Identifier: ISC
"""What a member of the agent's group may put in place of the agent's files, while agent-register
runs as root (SECURITY.md): no file of root's is read, written or removed, and nothing hangs."""
import os
import subprocess

import pytest
from machine import EXIT_CODES, OLD_LINE, PATIENCE

GROUP = 64001  # of the agent; of nothing else here
SECRET = "root:$6$not-for-others$:19000:0:99999:7:::\n"
SHOWN = "not-for-others"


@pytest.fixture
def agent(as_root, machine):  # pylint: disable=unused-argument
    """An agent whose group may write in its directories."""
    for name in ("etc", "queue", "queue/rids"):
        path = os.path.join(machine.agent, name)
        os.chown(path, 0, GROUP)
        os.chmod(path, 0o770)
    return machine


@pytest.fixture
def secret(agent):
    """A file of root's. It is as it was at the end."""
    path = agent.write("secret", SECRET, 0o600)
    yield path
    with open(path, encoding="ascii") as file:
        assert file.read() == SECRET
    assert os.stat(path).st_mode & 0o7777 == 0o600


def put_pipe(path, secret):  # pylint: disable=unused-argument
    os.mkfifo(path, 0o660)
    os.chown(path, GROUP, GROUP)


KINDS = {
    "link": (lambda path, secret: os.symlink(secret, path), "symbolic link"),
    "second name": (lambda path, secret: os.link(secret, path), "hard links"),
    "pipe": (put_pipe, "named pipe"),
}
kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
def test_password_file(agent, secret, start_manager, kind):
    """It would be sent to the manager."""
    put, words = KINDS[kind]
    path = os.path.join(agent.etc, "authd.pass")
    put(path, secret)
    manager = start_manager()
    agent.fails("misconfigured", words if kind != "link" else "symbolic link authd.pass", path,
                manager=manager, settings={"auth.password_file": path})
    assert all(SHOWN.encode() not in b"".join(conversation.records)
               for conversation in manager.conversations)


@kinds
def test_ca_file(agent, secret, start_manager, kind):
    put, _ = KINDS[kind]
    path = os.path.join(agent.etc, "root-ca.pem")
    put(path, secret)
    result = agent.fails("misconfigured", path, manager=start_manager(), trust=["--ca", path])
    assert SHOWN not in result.stderr


@kinds
@pytest.mark.parametrize("command", [[], ["reset", "--yes"], ["check"], ["status"]])
def test_key_file(agent, secret, start_manager, kind, command):
    put, _ = KINDS[kind]
    put(agent.keys, secret)
    result = agent.register(*command, manager=start_manager())
    assert SHOWN not in result.stderr + result.stdout
    if kind == "second name" and not command:
        assert result.status == 0  # a rename puts the new file in its place
    elif command in ([], ["status"]):
        assert result.status != 0, result


@pytest.mark.parametrize("name", ["etc/ossec-init.conf", "etc/reenroll.secret",
                                  "etc/sslmanager.cert"])
@kinds
def test_other_files(agent, secret, start_manager, name, kind):
    put, _ = KINDS[kind]
    put(os.path.join(agent.agent, name), secret)
    agent.registers(manager=start_manager())


def test_open_pipe_as_key_file(agent, start_manager):
    """Somebody holds the other end open, and writes nothing."""
    put_pipe(agent.keys, None)
    end = os.open(agent.keys, os.O_RDWR)
    try:
        for command in ([], ["reset", "--yes"], ["status"]):
            result = agent.register(*command, manager=start_manager())
            assert result.seconds < PATIENCE / 2, result
    finally:
        os.close(end)


@pytest.mark.parametrize("name", ["queue", "etc"])
def test_linked_directories(agent, start_manager, name):
    """A directory is swapped for a link to one of root's."""
    elsewhere = os.path.join(agent.directory, "elsewhere")
    os.makedirs(os.path.join(elsewhere, "rids"))
    os.makedirs(os.path.join(elsewhere, "certs"))
    for path in ("client.keys", "rids/sender"):
        with open(os.path.join(elsewhere, path), "w", encoding="ascii") as file:
            file.write(OLD_LINE)
    os.chown(agent.agent, 0, GROUP)
    os.chmod(agent.agent, 0o770)
    os.rename(os.path.join(agent.agent, name), os.path.join(agent.directory, "old"))
    os.symlink(elsewhere, os.path.join(agent.agent, name))
    for arguments in (["--force"], ["reset", "--yes"]):
        agent.register(*arguments, manager=start_manager())
    for path in ("client.keys", "rids/sender"):
        with open(os.path.join(elsewhere, path), encoding="ascii") as file:
            assert file.read() == OLD_LINE


def test_secret_that_is_forgotten(agent, start_manager):
    """forget_secret deletes by a directory that is no link of others."""
    place = os.path.join(agent.directory, "place")
    os.mkdir(place)
    password = os.path.join(place, "password")
    with open(password, "w", encoding="ascii") as file:
        file.write("long-enough\n")
    swapped = os.path.join(agent.etc, "secrets")
    os.symlink(place, swapped)
    agent.fails("misconfigured", "symbolic link secrets", manager=start_manager(),
                settings={"auth.password_file": f"{swapped}/password",
                          "auth.forget_secret": "yes"})
    assert os.path.exists(password)


def test_holder_of_a_lock_is_named(agent, start_manager):
    os.chmod(agent.agent, 0o755)
    with subprocess.Popen(
            ["setpriv", f"--reuid={GROUP}", f"--regid={GROUP}", "--clear-groups", "flock", "-o",
             agent.etc, "sh", "-c", "echo held; exec sleep 600"], stdout=subprocess.PIPE,
            text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        try:
            result = agent.register("reset", "--yes", trust=None)
            assert result.status == EXIT_CODES["storage-error"], result
            assert f"etc is still locked by process {holder.pid} (flock)" in result.failure
            with agent.start(manager=start_manager(),
                             settings={"retry.budget": "60 s"}).process as waiting:
                line = waiting.stderr.readline().decode()
                assert f"etc is locked by process {holder.pid} (flock); waiting" in line, line
                holder.kill()
                waiting.communicate(timeout=PATIENCE)
                assert waiting.returncode == 0
        finally:
            holder.kill()
