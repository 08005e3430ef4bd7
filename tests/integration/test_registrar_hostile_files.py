# SPDX-License-Identifier: ISC
"""What a member of the manager's group may put in place of the manager's files, while the registrar
runs as root (SECURITY.md): no file of root's is read, written or removed, and nothing hangs."""
import fcntl
import os
import pathlib
import socket
import stat
import subprocess

import api_tools
import pytest
from registrar_tools import PATIENCE, prepare, run, serving

GROUP = 64001  # of the manager; of nothing else here
SECRET = "root:$6$not-for-others$:19000:0:99999:7:::\n"
SHOWN = "not-for-others"


@pytest.fixture
def manager(as_root, tmp_path):  # pylint: disable=unused-argument
    """The directory of a manager, where its group may write in etc and queue."""
    directory = tmp_path / "manager"
    prepare(directory)
    for name in ("etc", "etc/shared", "etc/shared/default", "queue", "queue/agent-groups",
                 "queue/rids", "queue/agent-info"):
        path = directory / name
        path.mkdir(exist_ok=True)
        os.chown(path, 0, GROUP)
        path.chmod(0o770)
    (directory / "etc" / "client.keys").write_text(f"005 web any {'5' * 64}\n")
    return directory


@pytest.fixture
def secret(tmp_path):
    """A file of root's. It is as it was at the end."""
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    yield path
    assert path.read_text() == SECRET
    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.stat().st_gid == 0


def put_link(path, secret):
    path.symlink_to(secret)


def put_second_name(path, secret):
    os.link(secret, path)


def put_pipe(path, secret):  # pylint: disable=unused-argument
    os.mkfifo(path, 0o660)
    os.chown(path, GROUP, GROUP)


def put_socket(path, secret):  # pylint: disable=unused-argument
    place = os.open(path.parent, os.O_PATH)  # a path may be longer than an address
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{place}/{path.name}")
    os.close(place)


KINDS = {
    "link": (put_link, "symbolic link"),
    "second name": (put_second_name, "hard links"),
    "pipe": (put_pipe, "named pipe"),
    "socket": (put_socket, "a socket"),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def attack(kind, path, secret):
    put, words = KINDS[kind]
    if path.exists():
        path.unlink()
    put(path, secret)
    return words


def serves_not(manager, *arguments):
    """The registrar says what is wrong, and ends. Returns what it said."""
    done = run("-D", manager, "-p", "0", *arguments, "serve")
    assert done.returncode == 78, done
    assert SHOWN not in done.stderr
    return done.stderr


@kinds
@pytest.mark.parametrize("name", ["client.keys", "authd.pass", "sslmanager.cert", "sslmanager.key",
                                  "agent-registrar.dialect"])
def test_files_of_the_start(manager, secret, name, kind):
    path = manager / "etc" / name
    words = attack(kind, path, secret)
    if name == "agent-registrar.dialect":
        done = run("-D", manager, "-p", "0", "serve")
        assert done.returncode == 64 and words in done.stderr, done
        assert SHOWN not in done.stderr and str(path) in done.stderr
        return
    text = serves_not(manager)
    assert words in text and str(path) in text, text


@kinds
def test_users_file(manager, secret, kind):
    path = manager / "etc" / "api.users"
    words = attack(kind, path, secret)
    text = serves_not(manager, "--api-port", "0")
    assert words in text and str(path) in text, text
    done = run("-D", manager, "user", "admin", input="long enough a password\n")
    assert done.returncode != 0 and words in done.stderr, done


@kinds
@pytest.mark.parametrize("command", [["add", "-n", "db", "--dialect", "wazuh"], ["list"],
                                     ["remove", "005", "--dialect", "wazuh"]])
def test_commands(manager, secret, kind, command):
    words = attack(kind, manager / "etc" / "client.keys", secret)
    done = run("-D", manager, *command)
    assert done.returncode == 78 and words in done.stderr, done
    assert SHOWN not in done.stderr + done.stdout


@kinds
def test_keys_are_swapped_while_serving(manager, secret, kind):
    with serving(manager, "-n") as registrar:
        registrar.register("first")
        words = attack(kind, manager / "etc" / "client.keys", secret)
        reply = registrar.ask("OSSEC A:'second'\n")
        assert reply.records[0].startswith("ERROR: "), reply
        registrar.wait_for_line(words)
        assert SHOWN not in registrar.log


@kinds
def test_times(manager, secret, kind):
    words = attack(kind, manager / "queue" / "agents-timestamp", secret)
    with serving(manager, "-n", "--dialect", "wazuh") as registrar:
        registrar.wait_for_line(words)
        assert registrar.register("db")
        assert SHOWN not in registrar.log
    done = run("-D", manager, "remove", "005", "--dialect", "wazuh")
    assert done.returncode == 0 and words in done.stderr, done


@kinds
def test_groups_of_an_agent(manager, secret, kind):
    """Written anew when an agent comes with groups; removed with it."""
    (manager / "queue" / "agents-timestamp").write_text("")
    path = manager / "queue" / "agent-groups" / "006"
    attack(kind, path, secret)
    with serving(manager, "-n", "--dialect", "wazuh") as registrar:
        reply = registrar.ask("OSSEC A:'db' G:'default'\n")
        assert reply.agent[0] == "006", reply
        # only the name that was put there is taken away, and what it led to stays
        assert stat.S_ISREG(os.lstat(path).st_mode)
        assert "default" in path.read_text() and SHOWN not in path.read_text()
    done = run("-D", manager, "remove", "006", "--dialect", "wazuh")
    assert done.returncode == 0, done
    assert not os.path.lexists(path)


@pytest.mark.parametrize("name", ["etc/shared", "queue/agent-groups", "queue/rids"])
def test_linked_directories(manager, tmp_path, name):
    """A directory is swapped for a link to one of root's."""
    (manager / "queue" / "agents-timestamp").write_text("")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "default").mkdir()
    (elsewhere / "006").write_text(SECRET)
    with serving(manager, "-n", "--dialect", "wazuh") as registrar:
        (manager / name).rename(tmp_path / "old")
        (manager / name).symlink_to(elsewhere)
        registrar.ask("OSSEC A:'db' G:'default'\n")
    done = run("-D", manager, "remove", "006", "--dialect", "wazuh")
    assert SHOWN not in done.stdout + done.stderr
    assert sorted(entry.name for entry in elsewhere.iterdir()) == ["006", "default"]
    assert (elsewhere / "006").read_text() == SECRET


def test_linked_etc(manager, tmp_path):
    """Followed if root has made it where nobody else can; not if others may have."""
    real = tmp_path / "real"
    (manager / "etc").rename(real)
    (manager / "etc").symlink_to(real)
    with serving(manager, "-n") as registrar:
        registrar.register("db")
    assert "db" in (real / "client.keys").read_text()
    os.chown(manager, 0, GROUP)
    manager.chmod(0o770)
    done = run("-D", manager, "-p", "0", "--dialect", "wazuh", "serve")
    assert done.returncode == 78 and "symbolic link etc" in done.stderr, done


def test_socket_of_authd_is_no_link(manager, tmp_path):
    """Root does not talk to whatever a link of the group's leads to."""
    sockets = manager / "queue" / "sockets"
    sockets.mkdir()
    os.chown(sockets, 0, GROUP)
    sockets.chmod(0o770)
    with socket.socket(socket.AF_UNIX) as listener:
        place = os.open(tmp_path, os.O_PATH)
        listener.bind(f"/proc/self/fd/{place}/docker.sock")
        os.close(place)
        listener.listen()
        listener.setblocking(False)
        (sockets / "auth").symlink_to(tmp_path / "docker.sock")
        with serving(manager, "-n") as registrar:
            registrar.register("db")
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_file_of_somebody_else(manager):
    """A password that a stranger has put there is none of the manager's."""
    os.chown(manager / "etc" / "authd.pass", 65534, 65534)
    text = serves_not(manager)
    assert "authd.pass belongs to user 65534" in text and "chown root" in text


def test_files_of_the_manager(manager):
    """The manager's user owns them on many machines."""
    for name in ("client.keys", "authd.pass"):
        os.chown(manager / "etc" / name, GROUP, GROUP)
    with serving(manager) as registrar:
        password = (manager / "etc" / "authd.pass").read_text().strip()
        assert registrar.ask(f"OSSEC PASS: {password} OSSEC A:'db'\n").agent


def test_sums_of_group_files(manager, secret):
    """The sum of a file would tell who can guess its content whether that is right."""
    merged = manager / "etc" / "shared" / "default" / "merged.mg"
    merged.symlink_to(secret)
    with api_tools.serving(manager) as registrar, api_tools.Client(registrar) as client:
        (group,) = client.log_in().ask("GET", "/groups").items
        assert group["name"] == "default" and not group.get("mergedSum"), group


# ---------------------------------------------------------------- locks


def hold_lock(directory):
    """A lock of a member of the group, which needs no more than to read the directory."""
    return subprocess.Popen(
        ["setpriv", f"--reuid={GROUP}", f"--regid={GROUP}", "--clear-groups", "flock",
         "-o", directory, "sh", "-c", "echo held; exec sleep 600"], stdout=subprocess.PIPE,
        text=True)


@pytest.fixture
def lock(manager):
    for path in (manager.parent, *manager.parent.parents):
        if path.stat().st_mode & 0o5 != 0o5 and path != pathlib.Path("/"):
            path.chmod(path.stat().st_mode | 0o5)
    manager.chmod(0o755)
    holder = hold_lock(manager / "etc")
    assert holder.stdout.readline() == "held\n"
    yield holder
    holder.kill()
    holder.wait(PATIENCE)
    holder.stdout.close()


def test_holder_of_a_lock_is_named(manager, lock):
    with serving(manager, "-n") as registrar:
        with registrar.open() as client:
            client.send("OSSEC A:'db'\n")
            registrar.wait_for_line(
                r"Registrations wait: the directory of client\.keys has been locked "
                rf"for 1 seconds by process {lock.pid} \(\w+\)")
            lock.kill()
            assert client.reply().agent[1] == "db"


def test_commands_name_the_holder(manager, lock):
    done = run("-D", manager, "add", "-n", "db", "--dialect", "wazuh")
    assert done.returncode == 75 and f"by process {lock.pid} (" in done.stderr, done
