# SPDX-License-Identifier: ISC
"""A machine with an agent on it, and agent-register run there."""
import hashlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
AGENT_REGISTER = os.environ.get("AGENT_REGISTER") or os.path.join(
    os.environ.get("TOP_BUILDDIR") or os.path.join(HERE, "..", ".."), "agent-register")

PATIENCE = 30  # seconds after which a run hangs
PROMPT = 5  # seconds: at once, on a busy machine

KEY = hashlib.sha256(b"agent-register").hexdigest()
OLD_KEY = hashlib.sha256(b"before").hexdigest()
OLD_LINE = f"007 web-01 any {OLD_KEY}\n"

EXIT_CODES = {
    "registered": 0, "not-ready": 75, "unreachable": 75, "untrusted": 75, "busy": 75,
    "duplicate": 75, "refused": 77, "protocol-error": 76, "misconfigured": 78, "storage-error": 73,
    "cloned": 79, "crashed": 70
}


def reply(name="web-01", id="001", ip="any", key=KEY, tail=""):  # pylint: disable=redefined-builtin
    """A manager's success line."""
    return f"OSSEC K:'{id} {name} {ip} {key}'{tail}".encode()


class Result:
    """What a run did. Lines are without the "agent-register: " in front."""

    def __init__(self, status, stdout, stderr, seconds, state):
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.lines = [line.removeprefix("agent-register: ") for line in stderr.splitlines()]
        self.failures = [line for line in self.lines if line.startswith(("error: ", "warning: "))]
        self.errors = [line for line in self.failures if line.startswith("error: ")]
        self.warnings = [line for line in self.failures if line.startswith("warning: ")]
        self.seconds = seconds
        self.state = state

    @property
    def failure(self):
        """The one line of a failure."""
        assert len(self.failures) == 1, self.stderr
        return self.failures[0].split(": ", 1)[1]

    @property
    def layers(self):
        """What the command `check` printed: (layer, whether it is right, text) a line."""
        matches = (re.fullmatch(r"(ok  |FAIL) (.{12}) (.*)", line)
                   for line in self.stdout.splitlines())
        return [(match[2].rstrip(), match[1] == "ok  ", match[3]) for match in matches if match]

    def __repr__(self):
        return (f"exit status {self.status} after {self.seconds:.2f} s, state {self.state}\n"
                f"{self.stderr}{self.stdout}")


class Machine:
    """A directory with what the program needs of a machine: the agent's directory, state,
    configuration, secrets."""

    def __init__(self, directory, certificates):
        self.directory = str(directory)
        self.certificates = certificates
        self.runs = []
        self.agent = os.path.join(self.directory, "ossec")
        self.etc = os.path.join(self.agent, "etc")
        self.keys = os.path.join(self.etc, "client.keys")
        self.counter = os.path.join(self.agent, "queue", "rids", "sender")
        self.state_directory = os.path.join(self.directory, "state")
        self.programs = os.path.join(self.directory, "programs")
        os.makedirs(self.etc)
        os.makedirs(os.path.dirname(self.counter))
        os.makedirs(self.programs)
        os.symlink("/bin/true", os.path.join(self.programs, "systemctl"))
        self.config = self.write("empty.conf", "")
        self.secrets = []

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def password(self, text, name="password", mode=0o600):
        """Write a password file. No run may show a whole line of it anywhere."""
        data = text if isinstance(text, bytes) else text.encode()
        self.secrets += [line for line in data.decode("latin-1").split("\n") if len(line) > 3]
        return self.write(name, data, mode)

    def install_key(self, text=OLD_LINE):
        """An old key file and the agent's message counter for it."""
        data = text if isinstance(text, bytes) else text.encode()
        with open(self.keys, "wb") as file:
            file.write(data)
        os.chmod(self.keys, 0o600)
        with open(self.counter, "w", encoding="ascii") as file:
            file.write("12:3456:")

    def read_keys(self):
        """The bytes of the key file; None when there is none."""
        try:
            with open(self.keys, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def files(self):
        """What lies in the key file's directory."""
        return sorted(os.listdir(self.etc))

    def register_as_service(self, notify_socket, *arguments, **options):
        """register() as systemd does it at the next boot: the state is of another one."""
        path = os.path.join(self.state_directory, "state")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text = re.sub(r"(?m)^(\w*boot)=.*", r"\1=" + "0" * 32, file.read())
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        # Read meanwhile, or the program would block.
        reader = threading.Thread(target=notify_socket.until, args=("END",), daemon=True)
        reader.start()
        result = self.register(*arguments, environment=notify_socket.environment, **options)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"END", notify_socket.path)
        reader.join(PROMPT)
        return result

    def snapshot(self):
        """All that a failure must leave alone."""
        seen = {}
        for root, _, names in os.walk(self.agent):
            for name in names:
                path = os.path.join(root, name)
                status = os.lstat(path)
                content = os.readlink(path) if os.path.islink(path) else None
                if content is None and os.path.isfile(path):
                    with open(path, "rb") as file:
                        content = file.read()
                seen[path] = (content, status.st_ino, status.st_mode, status.st_uid, status.st_gid,
                              status.st_mtime_ns)
        return seen

    def read_state(self):
        try:
            with open(os.path.join(self.state_directory, "state"), encoding="utf-8") as file:
                return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        except (FileNotFoundError, NotADirectoryError):
            return {}

    # ---------------------------------------------------------------- running

    def program_for_others(self):
        """A copy of the program where another user gets at it: the build tree may lie in
        somebody's home."""
        copy = os.path.join(self.directory, "agent-register")
        if not os.path.exists(copy):
            shutil.copy(AGENT_REGISTER, copy)
        return copy

    def command(self, *arguments, manager=None, trust="ca", name="web-01", config=None,
                settings=None, force=False):
        """The command line. `manager` is one or several of a Manager or an address; `trust` a
        CA, a list of options, or None; `settings` maps "SECTION.KEY" to a value or to a list of
        them."""
        command = [AGENT_REGISTER]
        if config is not False:
            command += ["--config", config or self.config]
        command += ["--state", self.state_directory, "--directory", self.agent]
        for each in manager if isinstance(manager, (list, tuple)) else [manager] if manager else []:
            command += ["--manager", each if isinstance(each, str) else each.address]
        if isinstance(trust, str):
            command += ["--ca", self.certificates.ca(trust)]
        elif trust:
            command += list(trust)
        if name:
            command += ["--name", name]
        if force:
            command += ["--force"]
        for key, values in {"retry.budget": "0 s", **(settings or {})}.items():
            for value in values if isinstance(values, (list, tuple)) else [values]:
                command += ["--set", f"{key}={value}"]
        return command + list(arguments)

    def environment(self, **more):
        """Of the program; its systemctl does nothing, so that a run as a service leaves this
        system's units alone."""
        kept = {
            key: value for key, value in os.environ.items() if key == "HOME" or "SAN_OPTIONS" in key
        }
        return {**kept, "PATH": f"{self.programs}:{os.environ['PATH']}", "LC_ALL": "C", **more}

    def start(self, *arguments, environment=None, before=None, after=None, user=None,
              stdin=subprocess.DEVNULL, cwd="/", **options):
        """Start a run. `before` and `after` are shell commands around it, in a mount namespace
        of its own."""
        command = self.command(*arguments, **options)
        if user is not None:
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
                       self.program_for_others(), *command[1:]]
        if before:
            if os.geteuid() != 0:
                pytest.skip("needs root for mounts of its own")
            script = f"{before}\n"
            script += f'"$@"; status=$?\n{after}\nexit $status' if after else 'exec "$@"'
            command = ["unshare", "--mount", "--propagation", "private", "sh",
                       "-ec" if not after else "-c", script, "sh", *command]
        self.runs.append(Run(
            self,
            subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=self.environment(**environment or {}), cwd=cwd),
        ))
        return self.runs[-1]

    def close(self):
        """End what a test that failed has left running."""
        for run in self.runs:
            if run.process.poll() is None:
                run.process.kill()
                run.process.communicate()

    def register(self, *arguments, **options):
        """Run to the end. Returns a Result."""
        return self.start(*arguments, **options).finish()

    def fails(self, outcome, *words, manager=None, in_state=True, within=PROMPT, **options):
        """Run, and expect this outcome: its exit code, one line that holds all `words`, the same
        in the state file, in time, and nothing changed on disk. Returns the Result."""
        before = self.snapshot()
        result = self.register(manager=manager, **options)
        assert result.status == EXIT_CODES[outcome], result
        for word in words:
            assert word in result.failure, result
        assert result.failures == [result.failures[0]], result
        if in_state:
            assert result.state.get("last_outcome") == outcome, result
            assert result.state.get("last_error") == result.failure, result
        assert result.seconds < within, result
        assert self.snapshot() == before, result
        return result

    def registers(self, line=None, manager=None, within=PROMPT, **options):
        """Run, and expect a stored key. Returns the Result."""
        result = self.register(manager=manager, **options)
        assert result.status == 0, result
        assert result.errors == [], result
        assert self.read_keys() == (line or f"001 web-01 any {KEY}\n").encode(), result
        assert "last_outcome" not in result.state, result
        assert not os.path.exists(self.counter), result
        assert result.seconds < within, result
        return result


class Run:
    """A run under way."""

    def __init__(self, machine, process):
        self.machine = machine
        self.process = process
        self.pid = process.pid
        self.started = time.monotonic()
        self.seen = b""

    def wait_for_line(self, pattern):
        """Read stderr up to a line that matches; the Result has them all. A run that logs no such
        line in time is killed."""
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stderr:
                self.seen += line
                match = re.search(pattern, line.decode(errors="replace"))
                if match:
                    return match
        finally:
            watchdog.cancel()
        raise AssertionError(f"no line like {pattern!r} in:\n{self.seen.decode(errors='replace')}")

    def kill(self, number=signal.SIGTERM):
        self.started = time.monotonic()  # from here on it has to be quick
        self.process.send_signal(number)

    def finish(self):
        try:
            stdout, stderr = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(
                f"it hangs:\n{(self.seen + stderr).decode(errors='replace')}"
            ) from None
        seconds = time.monotonic() - self.started
        result = Result(self.process.returncode, stdout.decode(errors="replace"),
                        (self.seen + stderr).decode("latin-1"), seconds, self.machine.read_state())
        self.check(result)
        return result

    def check(self, result):
        """What holds for every run."""
        state = "".join(result.state.values())
        for secret in (KEY, OLD_KEY, *self.machine.secrets):
            assert secret not in result.stderr and secret not in state, "a secret was shown"
        assert all(
            byte == "\n" or " " <= byte <= "~" for byte in result.stderr
        ), f"unescaped bytes: {result.stderr!r}"
        assert (
            os.path.isdir(self.machine.etc) is False
            or ".client.keys.new" not in self.machine.files()
        ), result
        assert "Sanitizer" not in result.stderr, result.stderr


class NotifySocket:
    """What systemd's end of $NOTIFY_SOCKET hears."""

    def __init__(self, directory):
        self.path = os.path.join(str(directory), "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(PATIENCE)
        self.environment = {"NOTIFY_SOCKET": self.path}

    def next(self):
        """The next message; the descriptors that come with it (of BARRIER=1) are closed, as
        systemd does."""
        data, descriptors, _, _ = socket.recv_fds(self.socket, 65536, 4)
        for descriptor in descriptors:
            os.close(descriptor)
        return data.decode()

    def until(self, wanted):
        """All messages up to the first that holds this line."""
        messages = []
        while not messages or wanted not in messages[-1].split("\n"):
            messages.append(self.next())
        return messages

    def rest(self):
        """What else has arrived."""
        self.socket.setblocking(False)
        messages = []
        try:
            while True:
                messages.append(self.next())
        except BlockingIOError:
            return messages

    def close(self):
        self.socket.close()


def shell_words(*words):
    return " ".join(shlex.quote(str(word)) for word in words)


class Credentials:
    """A directory as systemd hands it to a service."""

    def __init__(self, machine):
        self.directory = os.path.join(machine.directory, "credentials")
        self.environment = {"CREDENTIALS_DIRECTORY": self.directory}
        os.mkdir(self.directory, 0o700)

    def put(self, name, content):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, 0o400)
        return path

    def copy(self, name, source):
        with open(source, "rb") as file:
            return self.put(name, file.read())
