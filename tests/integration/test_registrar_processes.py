# SPDX-License-Identifier: ISC
"""The two processes of agent-registrar, keeper and front: what the front has given up, and what
becomes of one when the other ends."""
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest
from process_tree import processes
from registrar_tools import PATIENCE, PROGRAM, Registrar, prepare, run, serving

UNPRIVILEGED = 65534


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def targets(pid):
    """What the descriptors of a process lead to, but for the standard ones."""
    place = f"/proc/{pid}/fd"
    return [os.readlink(f"{place}/{fd}") for fd in os.listdir(place) if int(fd) > 2]


def listening_sockets():
    """Inodes."""
    found = set()
    for name in "tcp", "tcp6":
        table = pathlib.Path(f"/proc/net/{name}")
        if table.exists():
            fields = [line.split() for line in table.read_text(encoding="ascii").splitlines()]
            found |= {field[9] for field in fields[1:] if field[3] == "0A"}
    assert found
    return found


def wait_for_end(pid_fd):
    assert select.select([pid_fd], [], [], 30)[0]
    os.close(pid_fd)


# ------------------------------------------------------------------ what the front has given up


def test_rights_of_the_front(directory, as_root):  # pylint: disable=unused-argument
    with serving(directory, "-n") as registrar:
        keeper, front = processes(registrar.process.pid)
        assert registrar.register("web")
        status = status_of(front)
        assert "0" not in status["Uid"].split() + status["Gid"].split() + status["Groups"].split()
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[name], 16) == 0, name
        assert status["NoNewPrivs"] == "1"
        assert "0" in status_of(keeper)["Uid"].split()
        limits = pathlib.Path(f"/proc/{front}/limits").read_text(encoding="ascii")
        assert re.search(r"Max core file size\s+0\s+0\s", limits)
        # not dumpable: what is in /proc belongs to root
        assert os.stat(f"/proc/{front}/mem").st_uid == 0


@pytest.mark.usefixtures("as_root")
def test_descriptors(directory):
    """No file, and no descriptor of whoever started it; the keeper has no port."""
    program = ["sh", "-c", 'exec 9<>"$2/inherited"; exec "$0" "$@"', PROGRAM]
    with serving(directory, "-n", program=program) as registrar:
        assert registrar.register("web")
        keeper, front = processes(registrar.process.pid)
        assert str(directory / "inherited") in targets(keeper)
        assert {re.sub(r"\d+", "", target) for target in targets(front)} <= {
            "socket:[]", "pipe:[]", "anon_inode:[eventpoll]", "anon_inode:[timerfd]",
            "anon_inode:[eventfd]", "anon_inode:[signalfd]"}
        sockets = {target[8:-1] for target in targets(keeper) if target.startswith("socket")}
        assert sockets and not sockets & listening_sockets()


# ------------------------------------------------------------------ both, or none


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("which", [0, 1], ids=["keeper", "front"])
def test_stop(directory, which, number):
    registrar = Registrar(directory, "-n")
    pids = processes(registrar.process.pid)
    front = os.pidfd_open(pids[1])
    os.kill(pids[which], number)
    wait_for_end(front)
    assert registrar.process.wait(30) == 0
    assert registrar.kill() == 0
    assert registrar.log.count(f"Stopping on {number.name}") == 1
    assert "error" not in registrar.log and "warning: The front" not in registrar.log


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGKILL], ids=["SIGABRT", "SIGKILL"])
def test_front_crashes(directory, number):
    """The keeper says so, and fails; what was registered stays."""
    registrar = Registrar(directory, "-n")
    assert registrar.register("web")
    os.kill(registrar.front, number)
    assert registrar.process.wait(30) == 1
    registrar.kill()
    assert registrar.log.count("error: ") == 1
    assert f"The front was ended by a signal: {signal.strsignal(number)}" in registrar.log
    assert len(registrar.keys()) == 1


def test_keeper_crashes(directory):
    """The front says so, and goes, whatever it is doing."""
    registrar = Registrar(directory, "-n")
    front = os.pidfd_open(registrar.front)
    with registrar.open() as client:
        client.send("OSSEC ")
        registrar.process.kill()
        wait_for_end(front)
    assert registrar.kill() == -signal.SIGKILL
    assert registrar.log.count("error: ") == 1 and "The keeper has gone" in registrar.log


def test_keeper_crashes_beside_a_front_that_stands_still(directory):
    """The kernel ends it, as soon as it runs again."""
    registrar = Registrar(directory, "-n")
    pid = registrar.front
    front = os.pidfd_open(pid)
    os.kill(pid, signal.SIGSTOP)
    registrar.process.kill()
    os.kill(pid, signal.SIGCONT)
    wait_for_end(front)
    registrar.kill()


def test_front_does_not_stop(directory):
    """The keeper does not wait for ever; then the front ends, too."""
    registrar = Registrar(directory, "-n")
    pid = registrar.front
    front = os.pidfd_open(pid)
    os.kill(pid, signal.SIGSTOP)
    registrar.process.send_signal(signal.SIGTERM)
    assert registrar.process.wait(30) == 0
    registrar.wait_for_line("The front has not ended in time")
    os.kill(pid, signal.SIGCONT)
    wait_for_end(front)
    registrar.kill()


def test_failure_of_the_keeper_is_told_once(directory):
    (directory / "etc" / "sslmanager.key").write_text("no key")
    registrar = None
    try:
        registrar = Registrar(directory, "-n")
    except AssertionError as error:
        assert str(error).count("error: ") == 1 and "sslmanager.key" in str(error)
    assert registrar is None


# ------------------------------------------------------------------ services of their own


class Part(Registrar):
    """One of the processes, which is the one that was started."""

    def __init__(self, place, part, *arguments, directory=None, **options):
        super().__init__(directory or place / "manager", f"--part={part}", "--keeper-socket",
                         place / "keeper.sock", *arguments, program=[place / "agent-registrar"],
                         user=UNPRIVILEGED, **options)


class Keeper(Part):
    def __init__(self, place, *arguments, **options):
        super().__init__(place, "keeper", "-n", *arguments, **options)

    def wait_until_ready(self):
        self.wait_for_line("Waiting for fronts")


class Front(Part):
    """It has no files."""

    def __init__(self, place, *arguments, **options):
        super().__init__(place, "front", "-n", *arguments, directory="/nonexistent", **options)
        self.keys_file = place / "manager" / "etc" / "client.keys"


class EarlyFront(Front):
    """Started before its keeper."""

    def wait_until_ready(self):
        self.wait_for_line("No connection to the keeper: ")


@pytest.fixture
def place(as_root):  # pylint: disable=unused-argument
    """A directory of a user who has no rights, with a program that he can start."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="agent-registrar-test."))
    prepare(path / "manager")
    shutil.copy(PROGRAM, path / "agent-registrar")
    for each in (path, *path.rglob("*")):
        os.chown(each, UNPRIVILEGED, UNPRIVILEGED)
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def begin(place):
    """begin(CLASS, ...); what is left at the end is killed."""
    begun = []

    def start(part, *arguments, **options):
        begun.append(part(place, *arguments, **options))
        return begun[-1]
    yield start
    for part in begun:
        part.kill()
        print(part.log)


def test_parts(begin, place):
    keeper, front = begin(Keeper), begin(Front)
    assert front.register("web")[0] == "1024"
    keeper.wait_for_line("Registered web as 1024")
    assert "Registered" not in front.log
    status = (place / "keeper.sock").stat()
    assert status.st_mode & 0o777 == 0o660
    assert front.stop() == 0
    assert front.log.count("Stopping on SIGTERM") == 1
    assert begin(Front).register("db")[0] == "1025"
    assert keeper.stop() == 0


def test_front_waits_for_its_keeper(begin):
    front = begin(EarlyFront)
    assert "Listening" not in front.log
    begin(Keeper)
    Front.wait_until_ready(front)
    assert front.register("web")
    assert front.stop() == 0


def test_dialect_is_the_keepers(begin):
    begin(Keeper, "--dialect", "wazuh")
    assert begin(Front).register("web")[0] == "001"


def test_several_fronts(begin):
    keeper, first, second = begin(Keeper), begin(Front), begin(Front)
    assert first.register("web")[0] == "1024"
    assert second.register("db")[0] == "1025"
    first.kill()
    assert second.register("mail")[0] == "1026"
    assert keeper.stop() == 0


def certificate_of(front):
    with front.open() as client:
        return client.tls.getpeercert(True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_keeper_is_restarted(begin, place, number):
    """Who is connected stays, and is answered by the next one, with whose certificate the front
    goes on."""
    keeper, front = begin(Keeper), begin(Front)
    with front.open() as client:
        keeper.process.send_signal(number)
        keeper.process.wait(30)
        front.wait_for_line("No connection to the keeper: .*; registrations wait")
        client.send("OSSEC A:'web'\n")
        prepare(place / "other")
        for name in "sslmanager.cert", "sslmanager.key":
            path = place / "manager" / "etc" / name
            path.write_bytes((place / "other" / "etc" / name).read_bytes())
        begin(Keeper)
        assert client.reply().agent[1] == "web"
        # it is asked for when the keeper is there again, like what was waiting
        before, deadline = client.tls.getpeercert(True), time.monotonic() + PATIENCE
        while certificate_of(front) == before:
            assert time.monotonic() < deadline
    front.wait_for_line("The keeper is there again")
    assert "error" not in front.log
    assert front.stop() == 0


@pytest.mark.parametrize("part", ["keeper", "front"])
def test_reload(begin, place, part):
    keeper, front = begin(Keeper), begin(Front)
    with front.open() as client:
        before = client.tls.getpeercert(True)
    prepare(place / "other")
    for name in "sslmanager.cert", "sslmanager.key":
        path = place / "manager" / "etc" / name
        path.write_bytes((place / "other" / "etc" / name).read_bytes())
    (keeper if part == "keeper" else front).process.send_signal(signal.SIGHUP)
    front.wait_for_line("Certificate, private key, password and users were reloaded")
    with front.open() as client:
        assert client.tls.getpeercert(True) != before


def test_another_authd(begin, place):
    """Both stop, with the same message and status."""
    keeper, front = begin(Keeper), begin(Front)
    queue = place / "manager" / "queue" / "sockets"
    queue.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as authd:
        authd.bind(str(queue / "auth"))
        authd.listen()
        for path in (queue.parent, queue, queue / "auth"):
            os.chown(path, UNPRIVILEGED, UNPRIVILEGED)
        assert front.process.wait(30) == 78
        assert keeper.process.wait(30) == 78
    for part in keeper, front:
        part.kill()
        assert part.log.count("error: wazuh-authd is running") == 1


def test_strangers(begin, place):
    """Whoever is another user is no front, whatever the mode of the socket allows."""
    keeper = begin(Keeper)
    (place / "keeper.sock").chmod(0o666)
    code = "import socket, sys; s = socket.socket(1); s.connect(sys.argv[1]); print(s.recv(1))"
    done = subprocess.run([sys.executable, "-c", code, place / "keeper.sock"], user=12345,
                          group=12345, extra_groups=[], capture_output=True, text=True, timeout=30,
                          check=False)
    assert done.stdout == "b''\n", done
    keeper.wait_for_line("Refused a connection of the user 12345")


def test_socket_that_was_left(begin, place):
    """It is replaced when nobody listens there; otherwise it is somebody's."""
    begin(Keeper).kill()
    assert (place / "keeper.sock").exists()
    begin(Keeper)
    with pytest.raises(AssertionError, match="keeper.sock: Address already in use"):
        begin(Keeper)
    assert begin(Front).register("web")


def test_root_needs_the_user_of_the_front(place):
    """Without it, no keeper would let the front in."""
    if subprocess.run(["getent", "passwd", "agent-registrar"], stdout=subprocess.DEVNULL,
                      check=False).returncode == 0:
        pytest.skip("there is the user agent-registrar")
    done = run("--part=front", "--keeper-socket", place / "keeper.sock", "--listen", "127.0.0.1",
               "-p", "0", "serve")
    assert done.returncode == 1
    assert "There is no user agent-registrar for the front" in done.stderr
