# SPDX-License-Identifier: ISC
"""Runs in which one call fails, for every call of every function that can: no crash, a message
that says what failed, the old key or the new one, and the next run puts it right."""
import os
import re
import shutil
import socket
import subprocess
import threading

import pytest
import wazuh5_manager
from agents_conf import wazuh_4
from enroll_tools import CREDENTIAL, PASSWORD, SECRET, TOKEN_ID, read
from fail_at_call import Faults, fail_at_every_call, needs_library, needs_plain_build
from fake_manager import answer
from import_tools import EXPORT
from machine import EXIT_CODES, KEY, OLD_KEY, OLD_LINE, PATIENCE, reply
from scripted_api import Api, affected, export, needs_module
from scripted_api import settings as api_settings
from trust_tools import bundle

pytestmark = needs_library

NEW_LINE = f"001 web-01 any {KEY}\n"
LOCAL_ERROR = 71
# What a message says of it, whatever was to be done.
MEMORY, FILES = "[Mm]emory", "Too many open files"
LOST = "closed the connection|reset"
WORDS = {
    "malloc": MEMORY, "open": FILES, "read": f"Input/output error|{LOST}",
    "write": f"No space left on device|{LOST}",
    # what the process that talks to the manager says last cannot be said again
    "send": "No buffer space|ended with status 1 and no result", "recv": MEMORY,
    "fsync": "Input/output error", "rename": "Read-only file system", "socket": FILES,
    "connect": "Network is unreachable", "getaddrinfo": MEMORY, "SSL_read": "OpenSSL error",
    "SSL_write": "OpenSSL error", "fork": "temporarily unavailable", "socketpair": FILES,
    "pthread_create": "temporarily unavailable", "stat": "Input/output error",
    "mkdir": "Read-only file system", "chmod": "Read-only file system",
    "flock": "No locks available", "confine": MEMORY, "poll": MEMORY,
    "listen": "No buffer space", "dlopen": "cannot open shared object", "getrandom": "random",
}
# What this machine is short of for now is nobody's mistake: it is tried again.
SHORTAGES = {"malloc", "open", "recv", "socket", "getaddrinfo", "fork", "socketpair",
             "pthread_create", "confine", "poll"}


class Trial:
    """A command that is run again and again on the same machine, with a fault in each run."""

    def __init__(self, machine, tmp_path, *arguments, environment=None, **options):
        self.machine = machine
        self.faults = Faults(tmp_path)
        self.arguments = arguments
        self.options = options
        self.environment = environment or {}
        self.new_line = NEW_LINE
        self.left = set()  # what runs left behind

    def begin(self):
        """As at first: a key that is to be replaced, and no state."""
        shutil.rmtree(self.machine.state_directory, ignore_errors=True)
        for name in self.machine.files():
            path = os.path.join(self.machine.etc, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        self.machine.install_key()

    def run(self, **environment):
        """With a fault, if `environment` says so."""
        try:
            return subprocess.run(
                self.machine.command("-d", *self.arguments, **self.options), cwd="/",
                env=self.machine.environment(**environment), check=False, capture_output=True,
                stdin=subprocess.DEVNULL, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired as hanging:
            raise AssertionError(f"it hangs: {hanging.stderr}") from None

    def is_done(self):
        """Has it been carried out? Neither half, nor otherwise."""
        keys = self.machine.read_keys()
        assert keys in (OLD_LINE.encode(), self.new_line.encode()), keys
        return keys == self.new_line.encode()

    def left_behind(self, status):
        return (status, tuple(self.machine.files()), self.machine.read_keys(),
                *sorted(self.machine.read_state()))

    def check_end(self, function, status, said):
        """Done, or the place and the right outcome."""
        assert status in EXIT_CODES.values() or status == LOCAL_ERROR, f"{status} {said}"
        if status == 0:
            assert self.is_done(), said
            return
        assert self.faults.failed, f"nothing failed, {status}: {said}"
        assert status == LOCAL_ERROR or function not in SHORTAGES, f"{status} {said}"
        assert re.search(WORDS[function], said), f"{status} {said}"

    def attempt(self, function):
        def once(number):
            del number
            self.begin()
            done = self.run(**self.environment, **self.faults.environment)
            said = (done.stderr + done.stdout).decode("latin-1")
            assert "Sanitizer" not in said and KEY not in said and OLD_KEY not in said, said
            self.check_end(function, done.returncode, said)
            self.faults.disarm()
            left = self.left_behind(done.returncode)
            if left not in self.left:
                self.left.add(left)
                self.heal(said)
        return once

    def heal(self, said):
        """The next run carries it out."""
        again = self.run()
        assert again.returncode == 0 and self.is_done(), (said, again.stderr)
        assert ".client.keys.new" not in self.machine.files(), said

    def check(self, function, *without):
        """`without`: what it never calls."""
        count = fail_at_every_call(self.faults, function, self.attempt(function))
        assert (count == 0) == (function in without), f"{function}() was called {count} times"


def every_function(*others):
    return pytest.mark.parametrize("function", [
        "malloc", "open", "read", "write", "socket", "SSL_read", "SSL_write", *others])


def changes_key_file(*others):
    return every_function("send", "recv", "fsync", "rename", "connect", "fork", "socketpair",
                          "setrlimit", "stat", "mkdir", "chmod", "flock", "confine", "poll",
                          "listen", *others)


# ------------------------------------------------------------------ registering


@changes_key_file("getaddrinfo")
def test_authd(machine, tmp_path, start_manager, function):
    Trial(machine, tmp_path, manager=start_manager(answer(reply())), force=True,
          settings={"auth.password_file": machine.password("Correct-Horse")}).check(function)


@needs_plain_build
@pytest.mark.parametrize("function", ["malloc", "open", "read"])
def test_inherited(machine, tmp_path, start_manager, agents_conf, function):
    """With what the agent's own file says."""
    class Inheritance(Trial):
        def begin(self):
            super().begin()
            agents_conf.write(wazuh_4(manager.host, port=manager.port, enabled="no",
                                      server_ca_path="etc/ca.pem"))
            agents_conf.put("etc/authd.pass", "Correct-Horse\n")
            with open(machine.certificates.ca(), "rb") as file:
                agents_conf.put("etc/ca.pem", file.read())

    manager = start_manager(answer(reply()))
    machine.secrets.append("Correct-Horse")
    Inheritance(machine, tmp_path, trust=["--set", "tls.ca_file=inherit"], force=True).check(
        function)


@needs_plain_build
@pytest.mark.parametrize("function", ["getaddrinfo", "pthread_create", "socket"])
def test_authd_by_name(machine, tmp_path, start_manager, function):
    manager = f"localhost:{start_manager(answer(reply())).port}"
    Trial(machine, tmp_path, manager=manager, force=True,
          trust=["--set", "tls.verify=no"]).check(function)


@needs_plain_build
@pytest.mark.parametrize("function", ["malloc", "open", "read", "send", "recv", "socket",
                                      "connect"])
def test_fleet_name_and_probe(machine, tmp_path, start_manager, function):
    """A name of a file and the network."""
    name = "blue-127.0.0.1"
    manager = start_manager(answer(reply(name=name)))
    agents = start_manager(lambda conversation: conversation.wait_for_end())
    trial = Trial(machine, tmp_path, manager=manager, force=True,
                  name=f"%{{file:{machine.write('name', 'blue')}}}-%a",
                  settings={"manager.probe": "yes", "manager.probe_port": str(agents.port)})
    trial.new_line = f"001 {name} any {KEY}\n"
    trial.check(function)


class AgentConf(Trial):
    """The agent's own configuration is to name the manager: the old one or the new one, and the new
    one where there is a new key and the run says that all is well."""

    TEXT = "<ossec_config>\n  <client>\n    <server>\n      <address>{}</address>\n" \
           "    </server>\n  </client>\n</ossec_config>\n"

    def begin(self):
        super().begin()
        self.machine.write("ossec/VERSION.json", '{"version": "4.14.7"}')
        self.machine.write("ossec/etc/ossec.conf", self.TEXT.format("MANAGER_IP"))

    def is_done(self):
        has_key = super().is_done()
        with open(os.path.join(self.machine.etc, "ossec.conf"), encoding="ascii") as file:
            text = file.read()
        assert text in (self.TEXT.format("MANAGER_IP"), self.TEXT.format("127.0.0.1")), text
        return has_key and "MANAGER_IP" not in text


@needs_plain_build
@changes_key_file()
def test_agent_conf(machine, tmp_path, start_manager, function):
    AgentConf(machine, tmp_path, manager=start_manager(answer(reply())), force=True,
              settings={"agent.set_manager": "yes"}).check(function)


@needs_plain_build
@pytest.mark.parametrize("function", ["malloc", "open", "sd_notify"])
def test_service(machine, tmp_path, start_manager, notify_socket, function):
    """What systemd does not hear is no reason to fail."""
    reader = threading.Thread(target=notify_socket.until, args=("END",), daemon=True)
    reader.start()
    Trial(machine, tmp_path, manager=start_manager(answer(reply())), force=True,
          environment=notify_socket.environment).check(function)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.sendto(b"END", notify_socket.path)
    reader.join()


@needs_plain_build
@needs_module
@changes_key_file("dlopen", "getrandom")
def test_api(machine, tmp_path, start_manager, function):
    Trial(machine, tmp_path, manager=start_manager(Api()), force=True,
          settings=api_settings(machine, **{"agent.groups": "web"})).check(function)


@needs_plain_build
@pytest.mark.parametrize("function", ["malloc", "open", "read", "write", "fsync", "rename"])
def test_import(machine, tmp_path, function):
    Trial(machine, tmp_path, force=True, trust=None, name=None, settings={
        "manager.method": "import", "auth.key_file": machine.write("key", EXPORT, 0o600)
    }).check(function)


class Enrollment(Trial):
    """With Wazuh 5, whose manager chooses the key."""

    def __init__(self, enrollment, tmp_path, server, **options):
        super().__init__(enrollment.machine, tmp_path, force=True, **options)
        self.enrollment = enrollment
        self.server = server

    def is_done(self):
        keys, secret = self.machine.read_keys(), self.enrollment.read(self.enrollment.secret_file)
        if keys == OLD_LINE.encode():
            return False
        number = keys.decode().split(" ")[0]
        name, key, own = self.server.agents[number]
        assert keys == f"{number} {name} any {key}\n".encode() and secret == f"{number} {own}\n"
        return True

    def left_behind(self, status):
        return (status, tuple(self.machine.files()), self.is_done(),
                *sorted(self.machine.read_state()))


@needs_plain_build
@changes_key_file("dlopen", "getrandom")
def test_enroll(tmp_path, start_wazuh5, enrollment, function):
    server = start_wazuh5(password=PASSWORD)
    server.replaces = True
    options = enrollment.options(manager=server, password=PASSWORD)
    Enrollment(enrollment, tmp_path, server, **options).check(function)


@needs_plain_build
@pytest.mark.parametrize("function", ["malloc", "open", "read"])
def test_enroll_by_token(tmp_path, start_wazuh5, enrollment, certificates, function):
    """Which is read before anybody is asked, and brings the CA."""
    server = start_wazuh5(tokens={TOKEN_ID: SECRET}, cacerts=None)
    server.replaces = True
    token = wazuh5_manager.token(server.address, ca=read(certificates.ca()), credential=CREDENTIAL)
    Enrollment(enrollment, tmp_path, server, **enrollment.options(token=token)).check(function)


# ------------------------------------------------------------------ other commands


class Check(Trial):
    """It changes nothing, and has its own exit statuses."""

    def is_done(self):
        assert self.machine.read_keys() == OLD_LINE.encode()
        return True

    def check_end(self, function, status, said):
        assert status in EXIT_CODES.values() or status == LOCAL_ERROR, f"{status} {said}"
        if status != 0:
            assert re.search(WORDS[function], said), f"{status} {said}"


@needs_plain_build
@every_function("send", "recv", "connect", "fork", "socketpair")
def test_check(machine, tmp_path, start_manager, function):
    Check(machine, tmp_path, "check", manager=start_manager()).check(function, "SSL_read",
                                                                     "SSL_write")


@pytest.mark.parametrize("function", ["malloc", "open"])
def test_config(machine, tmp_path, function):
    config = machine.write("a.conf", "[manager]\naddress = m\n[agent]\ngroups = a,b\n")
    Check(machine, tmp_path, "config", config=config).check(function)


class Deregistration(Trial):
    def is_done(self):
        return self.machine.read_keys() is None


@needs_plain_build
@needs_module
@every_function("send", "recv", "fsync", "connect", "fork", "socketpair")
def test_deregister(machine, tmp_path, start_manager, function):
    api = Api({"GET /agents/007/key": affected({"id": "007", "key": export(id="007",
                                                                           key=OLD_KEY)}),
               r"DELETE /agents\?.*": affected("007")})
    Deregistration(machine, tmp_path, "deregister", "--yes", manager=start_manager(api), name=None,
                   settings=api_settings(machine)).check(function)


class Trust(Trial):
    """The stored CA is the old one or the new one, and the key stays."""

    def begin(self):
        super().begin()
        certs = os.path.join(self.machine.etc, "certs")
        os.makedirs(certs)
        with open(os.path.join(certs, "root-ca.pem"), "w", encoding="ascii") as file:
            file.write(bundle(self.machine.certificates, "ca"))

    def is_done(self):
        old, new = (bundle(self.machine.certificates, *names) for names in (["ca"],
                                                                            ["ca", "other"]))
        with open(os.path.join(self.machine.etc, "certs", "root-ca.pem"), encoding="ascii") as file:
            found = file.read()
        assert found in (old, new) and self.machine.read_keys() == OLD_LINE.encode(), found
        return found == new


@needs_plain_build
@needs_module
@every_function("send", "recv", "fsync", "rename", "connect", "fork", "socketpair", "dlopen")
def test_trust(machine, tmp_path, start_wazuh5, function):
    server = start_wazuh5(cacerts=bundle(machine.certificates, "ca", "other").encode())
    Trust(machine, tmp_path, "trust", manager=server, trust=None, name=None,
          settings={"manager.method": "enroll"}).check(function)


class OnManager(Trial):
    """Whatever cannot be looked at, the key file of a manager is not touched."""

    def __init__(self, machine, *arguments, **options):
        super().__init__(machine, *arguments, **options)
        self.keys = machine.read_keys()

    def begin(self):
        shutil.rmtree(self.machine.state_directory, ignore_errors=True)

    def check_end(self, function, status, said):
        assert status in (EXIT_CODES["misconfigured"], LOCAL_ERROR), f"{status} {said}"
        assert re.search(f"is a manager|{WORDS[function]}", said), f"{status} {said}"
        assert self.machine.read_keys() == self.keys

    def heal(self, said):
        pass


@needs_plain_build
@pytest.mark.parametrize("function", ["malloc", "open"])
@pytest.mark.parametrize("sign", ["ossec/bin/wazuh-remoted", "ossec/etc/sslmanager.key",
                                  "ossec/etc/ossec-init.conf", None])
@pytest.mark.parametrize("command", ["import", "reset"])
def test_on_manager(machine, tmp_path, command, sign, function):
    machine.install_key(OLD_LINE if sign else f"{OLD_LINE}008 !web-02 any {OLD_KEY}\n")
    os.makedirs(f"{machine.agent}/bin")
    if sign:
        machine.write(sign, 'DIRECTORY="/var/ossec"\nTYPE="server"\n')
    arguments = [command, "--yes"]
    if command == "import":
        arguments.append(machine.write("key", EXPORT, 0o600))
    OnManager(machine, tmp_path, *arguments, trust=None, name=None).check(function)
