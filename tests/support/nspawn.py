# SPDX-License-Identifier: ISC
"""Machines to boot: a real systemd as PID 1 on a throw-away copy of this system, and a wire to it.

    machine = Machine()                                 its disk, not yet booted
    machine.install(tarball)                            files go straight onto the disk ...
    machine.write("/etc/hostname", "web-01")            whenever the machine exists, booted or not
    with machine.boot() as system:                      a boot; the disk stays for the next one
        system.wait_until_booted()
        system.run("systemctl status agent-register").stdout
        system.journal(MESSAGE_ID="...")

What tests do to the network, the manager or the disk between two of these lines happens between
them: a manager that comes up late, a link that comes later, a reboot, a copied disk. Needs root;
`requirements()` says what is missing."""
import contextlib
import ctypes
import fcntl
import functools
import itertools
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
MANAGER_ADDRESS = "192.0.2.1"
MACHINE_ADDRESS = "192.0.2.2"
# What a container forbids and a machine does not.
SYSTEM_CALLS = "bpf landlock_create_ruleset landlock_add_rule landlock_restrict_self"
PATIENCE = 120  # seconds: only something broken ever needs them, however busy the host is
LIFETIME = 600  # seconds until a machine and all that belongs to it are killed, whatever happens
PROGRAMS = ["systemd-nspawn", "unshare", "nsenter", "ip", "mount", "tar", "openssl", "make", "bash",
            "timeout"]
SIGRTMIN = 34
EXIT_REBOOT = 133  # what systemd-nspawn --keep-unit says when the machine wants to be started again
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
# Units of the system that nothing here is about, and that cost a tenth of each boot.
UNUSED_UNITS = [
    "console-getty.service", "dev-hugepages.mount", "dev-mqueue.mount", "kmod-static-nodes.service",
    "sys-fs-fuse-connections.mount", "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path", "systemd-binfmt.service", "systemd-initctl.socket",
    "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service",
]
UNIT_STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"  # SD_MESSAGE_UNIT_STARTING
UNIT_RESTART_SCHEDULED = "5eb03494b6584870a536b337290809b3"  # SD_MESSAGE_UNIT_RESTART_SCHEDULED
UNIT_FAILED = "d9b373ed55a64feb8242e02dbe79a49c"  # SD_MESSAGE_UNIT_FAILURE_RESULT


class BootError(Exception):
    """The machine could not be made or did not come up; the text says what its console showed."""


# ------------------------------------------------------------------ can it be done here?

@functools.cache
def requirements():
    """Why machines cannot be booted here, as one sentence; None when they can."""
    if os.geteuid() != 0:
        return "booting a machine needs root"
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        return "booting a machine needs " + ", ".join(missing)
    if not any(
        os.access(path, os.X_OK) for path in ("/lib/systemd/systemd", "/usr/lib/systemd/systemd")
    ):
        return "booting a machine needs systemd installed (it need not run)"
    try:
        with Machine() as machine:
            machine.try_container()
    except (BootError, OSError) as error:
        return f"a container cannot be started here: {error}"
    return None


# ------------------------------------------------------------------ the machine

class Machine:
    """One machine's disk, network and namespaces, from here to close()."""

    numbers = itertools.count(1)

    def __init__(self, like=None, network=True, lifetime=LIFETIME):
        """A new machine, or one with a copy of the disk of `like`, which must be off. Without
        network: link_up() later. It is killed after `lifetime` seconds."""
        base = os.environ.get("BOOT_BASE", "/")
        number = next(self.numbers)
        # The shell replaces itself, so that its process id is the holder's.
        self._holder = subprocess.Popen(
            [
                "sh",
                "-c",
                'exec "$1/hold" "agent-register-boot.$2.$$" "$3" "$4" "$5"',
                "sh",
                HERE,
                str(number),
                str(lifetime),
                base,
                like.directory if like else "",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.name = f"agent-register-boot.{number}.{self._holder.pid}"
        self.systems = []
        self.processes = []
        if self._holder.stdout.readline() != "ready\n":
            raise BootError(
                self._holder.communicate(timeout=PATIENCE)[1].strip().replace("\n", "; ")
                or "no reason given"
            )
        self.pid = int(self._group("holder/cgroup.procs").read_text().split()[0])
        self.directory = pathlib.Path(f"/proc/{self.pid}/root/run/machine")
        self.tree = self.directory / "tree"
        self.tree_inside = "/run/machine/tree"  # for enter()
        if not like:
            self._prepare_disk()
        if network:
            self.link_up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Let go of everything. Killing the test does the same."""
        for system in self.systems:
            system.forget()
        if self._holder.stdin.closed:
            return
        self._holder.stdin.close()
        self._holder.wait(timeout=PATIENCE)
        for process in self.processes:  # they have died with the holder
            process.communicate(timeout=PATIENCE)
        self._holder.stdout.close()
        self._holder.stderr.close()

    def _group(self, name):
        root = pathlib.Path("/sys/fs/cgroup")
        if not (root / "cgroup.controllers").exists():
            root /= "unified"
        return root / self.name / name

    # ------------------------------------------------------------------ the disk

    def path(self, name):
        """Where the machine's file `name` is, seen from here."""
        return self.tree / name.lstrip("/")

    def read(self, name):
        return self.path(name).read_text()

    def write(self, name, content, mode=0o644):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)

    def chown(self, name, user, group):
        os.chown(self.path(name), user, group)

    def install(self, tarball):
        """Unpack onto the disk; /lib stays the link that it is."""
        subprocess.run(["tar", "-C", self.tree, "--keep-directory-symlink", "-xf", tarball],
                       check=True)

    def enable(self, *units):
        subprocess.run(["systemctl", "--quiet", f"--root={self.tree}", "enable", *units],
                       check=True, stderr=subprocess.DEVNULL)

    def _prepare_disk(self):
        self.write("/etc/hostname", "web-01\n")
        self.write("/etc/hosts",
                   "127.0.0.1 localhost\n::1 localhost\n"
                   f"{MANAGER_ADDRESS} manager.example manager.example.org\n")
        self.write("/etc/fstab", "")
        # Shows the test that systemctl and journalctl work; everything that matters comes later in
        # a boot.
        self.write("/etc/systemd/system/boot-test-up.service",
                   "[Unit]\nDefaultDependencies=no\nAfter=systemd-journald.service\n"
                   "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo up >/wire/up'\n"
                   "[Install]\nWantedBy=sysinit.target\n")
        wants = self.path("/etc/systemd/system/sysinit.target.wants")
        wants.mkdir()
        (wants / "boot-test-up.service").symlink_to("../boot-test-up.service")

    # ------------------------------------------------------------------ the network

    def enter(self, *command):
        """The command that runs `command` at the manager's end of the wire, and dies with the
        machine."""
        return [
            "nsenter", f"--target={self.pid}", "--mount", "--net", "--pid", "--", *map(str, command)
        ]

    def start_at_manager(self, *command, until):
        """Start a program at the manager's end of the wire and read its output up to a line that
        contains `until`."""
        process = subprocess.Popen(self.enter(*command), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.processes.append(process)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if until in line:
                return "".join(lines)
        raise BootError(f"{command[0]} ended: {''.join(lines)}")

    def link_up(self):
        subprocess.run(self.enter("ip", "-n", "machine", "-batch", "-"), check=True, text=True,
                       input=f"address replace {MACHINE_ADDRESS}/24 dev host0\nlink set host0 up\n"
                             f"route replace default via {MANAGER_ADDRESS}\n")

    def link_down(self):
        subprocess.run(self.enter("ip", "-n", "machine", "link", "set", "host0", "down"),
                       check=True)

    def cable(self, state):
        """Pull ("down") or plug in ("up") the other end of the wire; addresses and routes of the
        machine stay."""
        subprocess.run(self.enter("ip", "link", "set", "manager0", state), check=True)

    def filter(self, is_on):
        """Drop what is sent to the manager without a word, as a firewall does. The machine still
        knows where to send it."""
        ours = json.loads(subprocess.run(self.enter("ip", "-j", "link", "show", "manager0"),
                                         check=True, capture_output=True).stdout)[0]["address"]
        for command in (
            f"-n machine neigh replace {MANAGER_ADDRESS} lladdr {ours} nud permanent dev host0",
            f"address {'del' if is_on else 'replace'} {MANAGER_ADDRESS}/24 dev manager0",
        ):
            subprocess.run(self.enter("ip", *command.split()), check=True)

    def raise_link(self):
        """As link_up(), of a link that was up before. Returns when: CLOCK_MONOTONIC, just before
        the routes appear."""
        def set_flag():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                request = struct.pack("16sh22x", b"host0", 0)
                flags, = struct.unpack_from("h", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request), 16)
                request = struct.pack("16sh22x", b"host0", flags | IFF_UP)
                before = time.monotonic()
                fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
                return before
        return self._call_in_network(f"/proc/{self.pid}/root/run/netns/machine", set_flag)

    def call_at_manager(self, function):
        """Call `function` where sockets are born at the manager's end of the wire; returns what
        it returns."""
        return self._call_in_network(f"/proc/{self.pid}/ns/net", function)

    @staticmethod
    def _call_in_network(path, function):
        result = []

        def call():
            libc = ctypes.CDLL(None, use_errno=True)
            with open(path, encoding="ascii") as namespace:
                if libc.setns(namespace.fileno(), CLONE_NEWNET) < 0:
                    raise OSError(ctypes.get_errno(), "setns")
            result.append(function())

        # a namespace belongs to a thread: this one is not used again
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        return result[0]

    # ------------------------------------------------------------------ booting

    def _nspawn(self, *arguments, options=()):
        join = f'echo 0 >{self._group("machine/cgroup.procs")} && exec "$@"'
        return self.enter(
            "sh", "-c", join, "sh", "env", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
            "SYSTEMD_NSPAWN_LOCK=0", "systemd-nspawn", "--quiet", "--directory=/run/machine/tree",
            f"--machine={self.name.replace('.', '-')}", "--register=no", "--keep-unit",
            "--network-namespace-path=/run/netns/machine", "--capability=CAP_NET_ADMIN,CAP_BPF",
            f"--system-call-filter={SYSTEM_CALLS}", "--console=read-only", "--link-journal=no",
            "--resolv-conf=off", "--timezone=off", "--bind=/run/machine/wire:/wire", *options,
            *arguments
        )

    def try_container(self):
        done = self.run_container("/bin/true")
        if done.exit_status != 0:
            raise BootError(
                done.stdout.strip().replace("\n", "; ")
                or f"systemd-nspawn ended with {done.exit_status}"
            )

    def run_container(self, *command):
        """Run a command in a container without a systemd in it, but with the machine's network.
        Returns a Finished."""
        name = self.read("/etc/hostname").strip()
        done = subprocess.run(self._nspawn(*command, options=[f"--hostname={name}"]),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        return Finished(done.returncode, done.stdout)

    def boot(self, credentials=None, mask=(), options=()):
        """Switch the machine on. Credentials are name: text, as a hypervisor would pass them."""
        settings = [f"--set-credential={name}:{text}" for name, text in (credentials or {}).items()]
        system = System(
            self,
            self._nspawn("--boot", "systemd.firstboot=no", "systemd.unit=multi-user.target",
                         *[f"systemd.mask={unit}" for unit in [*UNUSED_UNITS, *mask]],
                         options=[*settings, *options]),
        )
        self.systems.append(system)
        return system


# ------------------------------------------------------------------ the running system

class Finished:
    """What a command in the machine came to."""

    def __init__(self, exit_status, stdout):
        self.exit_status = exit_status
        self.stdout = stdout


class System:
    """One boot of a machine. As a context: shuts down in order at its end."""

    def __init__(self, machine, command):
        self.machine = machine
        self._console = tempfile.TemporaryFile()
        self._started = time.monotonic()
        up = os.open(machine.directory / "wire/up", os.O_RDONLY | os.O_NONBLOCK)
        try:
            self._nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._console,
                                            stderr=subprocess.STDOUT)
            self._wait_for(up, 30)
        finally:
            os.close(up)
        self.seconds_to_up = time.monotonic() - self._started
        self.leader = int(
            machine._group("machine/payload/init.scope/cgroup.procs").read_text().split()[0]
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._nspawn.poll() is None:
            self.shut_down()

    def _wait_for(self, up, seconds):
        """Until the machine writes into its end of `up`, or is gone."""
        ended = os.pidfd_open(self._nspawn.pid)
        try:
            poll = select.poll()
            poll.register(up, select.POLLIN)
            poll.register(ended, select.POLLIN)
            events = dict(poll.poll(seconds * 1000))
        finally:
            os.close(ended)
        if up not in events:
            raise BootError("the machine did not come up; its console:\n" + self.console())

    def console(self):
        return os.pread(self._console.fileno(), 1 << 20, 0).decode(errors="replace")

    # ------------------------------------------------------------------ commands

    def _command(self, script):
        return [
            "nsenter",
            f"--target={self.leader}",
            "--all",
            "env",
            "-i",
            "LANG=C.UTF-8",
            "SYSTEMD_COLORS=0",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "sh",
            "-c",
            script,
        ]

    def run(self, script, timeout=PATIENCE):
        """Run a shell script in the machine as root."""
        done = subprocess.run(self._command(script), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=timeout, check=False)
        return Finished(done.returncode, done.stdout)

    @staticmethod
    def _kill_inside(process):
        """Kill the child that nsenter waits for: an orphan in the machine would hold up its
        shutdown."""
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)

    def wait_until_booted(self, timeout=PATIENCE):
        """Until no start job is left. Returns the word of `systemctl is-system-running`."""
        try:
            return self.run("systemctl is-system-running --wait", timeout).stdout.strip()
        except subprocess.TimeoutExpired:
            shown = self.run(
                "systemctl is-system-running; systemctl list-jobs; systemctl status "
                "agent-register; "
                "journalctl -b -n 100 --no-pager -o short-monotonic"
            ).stdout
        raise BootError(f"the boot has not ended in {timeout} s:\n{shown}")

    def show(self, unit):
        """All properties of a unit."""
        lines = self.run(f"systemctl show --all {unit}").stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def wait_for_property(self, unit, name, beginning, timeout=PATIENCE):
        """Until a property of the unit begins so. systemd has no command that waits for that, and
        each look starts four programs: the longer it takes, the rarer they are."""
        end = time.monotonic() + timeout
        command = f"systemctl show --value --property={name} {unit}"
        pause = 0.02
        while not (text := self.run(command).stdout.strip()).startswith(beginning):
            if time.monotonic() > end:
                raise AssertionError(f"{name} of {unit} is {text!r} after {timeout} s")
            time.sleep(pause)
            pause = min(2 * pause, 0.2)

    def wait_for_status(self, unit, beginning, timeout=PATIENCE):
        self.wait_for_property(unit, "StatusText", beginning, timeout)

    def wait_for_exit(self, unit, timeout=PATIENCE):
        """Until the unit is active without a process; it may have said READY=1 a moment earlier."""
        self.wait_for_property(unit, "SubState", "exited", timeout)

    def wait_until_inactive(self, unit, timeout=PATIENCE):
        """For a unit that stops itself behind READY=1, as agent-register does where nothing is
        configured: until then, a start of it changes nothing."""
        self.wait_for_property(unit, "ActiveState", "inactive", timeout)

    # ------------------------------------------------------------------ the journal

    @staticmethod
    def _matches(fields):
        return " ".join(f"'{name}={value}'" for name, value in fields.items())

    def journal(self, **fields):
        """The entries of this boot with these fields, oldest first, as dictionaries."""
        lines = self.run(
            f"journalctl --sync; journalctl -q -b -a -o json {self._matches(fields)}"
        ).stdout
        return [json.loads(line) for line in lines.splitlines()]

    def wait_for_entry(self, timeout=PATIENCE, count=1, **fields):
        """The `count`th journal entry with these fields, as soon as it is there."""
        script = f"exec journalctl -q -b -a -n all -f -o json {self._matches(fields)}"
        process = subprocess.Popen(self._command(script), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(timeout, self._kill_inside, [process])
        watchdog.start()
        try:
            lines = list(itertools.islice(process.stdout, count))
        finally:
            watchdog.cancel()
            self._kill_inside(process)
            process.wait()
            process.stdout.close()
        if len(lines) < count:
            raise AssertionError(
                f"{len(lines)} of {count} journal entries with {fields} in {timeout} s"
            )
        return json.loads(lines[-1])

    def wait_for_restart(self, unit, count=1):
        """Until systemd has started the unit again, for the `count`th time in this boot, because of
        its Restart=. Returns the journal entry that says it was due."""
        due = self.wait_for_entry(UNIT=unit, MESSAGE_ID=UNIT_RESTART_SCHEDULED, count=count)
        self.wait_for_entry(UNIT=unit, MESSAGE_ID=UNIT_STARTING, count=count + 1)
        return due

    def wait_for_start(self, unit, timeout=PATIENCE, count=1):
        """Until the unit was started `count` times in this boot; a start that its conditions
        skipped does not count."""
        starting = self.wait_for_entry(timeout, count=count, UNIT=f"{unit}.service",
                                       MESSAGE_ID=UNIT_STARTING)
        self.wait_for_entry(timeout, UNIT=f"{unit}.service", JOB_ID=starting["JOB_ID"],
                            JOB_RESULT="done")

    # ------------------------------------------------------------------ the end

    def shut_down(self, timeout=PATIENCE):
        """Power off in order."""
        os.kill(self.leader, SIGRTMIN + 4)
        return self._wait(timeout)

    def wait_for_reboot(self, timeout=PATIENCE):
        """After a `reboot` inside: until the machine is down and can be booted again."""
        assert self._wait(timeout) == EXIT_REBOOT

    def cut_power(self):
        """End now, with nothing written that was not written."""
        os.kill(self.leader, signal.SIGKILL)
        return self._wait(PATIENCE)

    def _wait(self, timeout):
        try:
            return self._nspawn.wait(timeout)
        except subprocess.TimeoutExpired:
            raise BootError(
                "the machine did not go down; its console:\n" + self.console()
            ) from None

    def forget(self):
        """The machine is being closed: whatever is left of this boot goes with it."""
        with contextlib.suppress(ProcessLookupError):
            self._nspawn.kill()
        self._nspawn.wait()
        self._console.close()
