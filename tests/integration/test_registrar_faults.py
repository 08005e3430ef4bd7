# SPDX-License-Identifier: ISC
"""A registrar in which one call fails, for every call of every function that can: it goes on, what
it has acknowledged is in client.keys, and what it has not is refused or broken off."""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time

import api_tools
import pytest
from enroll_tools import PASSWORD, bearer
from fail_at_call import Faults, fail_at_every_call, needs_library, needs_plain_build
from registrar_tools import KEY, PATIENCE, PROGRAM, run, serving
from wazuh5_manager import ENROLL

pytestmark = needs_library

# seconds: what takes longer has waited for something that was lost
PROMPT = 15 if "ASAN_OPTIONS" in os.environ else 3
FIELDS = ["id", "name", "ip", "key"]
LINE = re.compile(r"\d+ [\w.-]+ any " + KEY)
TOMBSTONE = re.compile(r"\d+ #\*#\*#\*#\*#\*#\*#\*#\*#\*#\*#[\w. -]*")
RELOADED = "users were reloaded|Nothing was reloaded|nothing was reloaded"
FILES = "Too many open files"
WORDS = {
    "malloc": "[Mm]emory|malloc failure", "open": FILES, "read": "Input/output error",
    "write": "No space left on device", "fsync": "Input/output error",
    "rename": "Read-only file system",
}
STORING = ["open", "fsync", "rename"]  # what is not about a connection alone


class Service:
    """A running registrar in which calls fail, and what it has acknowledged."""

    def __init__(self, registrar, faults):
        self.registrar = registrar
        self.faults = faults
        self.given = {}  # id: line
        self.status = None  # of the API's last answer
        self.count = 0
        self.token = self.log_in()

    # ---------------------------------------------------------------- what it is asked

    def next_name(self):
        self.count += 1
        return f"web-{self.count}"

    def take(self, line):
        self.given[line[0]] = " ".join(line)
        return True

    def register(self):
        """Over authd's protocol. Has it been acknowledged?"""
        try:
            reply = self.registrar.ask(f"OSSEC PASS: {PASSWORD} OSSEC A:'{self.next_name()}'\n")
        except OSError:  # an SSLError is one
            return False
        return bool(reply.agent) and self.take(reply.agent)

    def call(self, method, target, body=None, **headers):
        """Of the API. Returns the Answer, or None when it did not come, or is a refusal."""
        self.status = None
        try:
            with api_tools.Client(self.registrar) as client:
                answer = client.ask(method, target, body, headers)
                self.status = answer.status
                return answer if answer.status == 200 else None
        except (OSError, ValueError, http.client.HTTPException):
            return None

    def call_as_user(self, method, target, body=None):
        return self.call(method, target, body, Authorization=self.token)

    def log_in(self):
        credentials = api_tools.basic(api_tools.USER, api_tools.PASSWORD)
        answer = self.call("POST", api_tools.LOGIN, Authorization=credentials)
        return answer and f"Bearer {answer.data['token']}"

    def add(self):
        answer = self.call_as_user("POST", api_tools.LIST, {"name": self.next_name()})
        return bool(answer) and self.take(api_tools.exported(answer.data["key"]))

    def enroll(self, **headers):
        name = self.next_name()
        answer = self.call("POST", ENROLL,
                           json.dumps({"name": name, "version": "5.0.0"}),
                           **{"Content-Type": "application/json", "protocol-version": "1",
                              "Authorization": bearer(), **headers})
        return bool(answer) and self.take([answer.json[each] for each in FIELDS])

    def remove(self):
        """One that it has acknowledged."""
        if not self.given:
            self.register()
        number = max(self.given, key=int)
        line = self.given.pop(number)  # may be gone, whether that is acknowledged or not
        answer = self.call_as_user("DELETE", f"{api_tools.LIST}?agents_list={number}&status=all"
                                             "&older_than=0s")
        done = bool(answer) and answer.items == [number]
        assert not done or line not in self.lines(), "a removed agent is still there"
        return done

    def list(self):
        """All that it has acknowledged is shown."""
        answer = self.call_as_user("GET", f"{api_tools.LIST}?limit=100000&select=id")
        assert not answer or {*self.given} <= {*api_tools.ids(answer)}, answer
        return bool(answer)

    def reload(self):
        before = len(self.registrar.lines)
        self.registrar.process.send_signal(signal.SIGHUP)
        return "users" in self.registrar.wait_for_line(RELOADED, before).group(0)

    # ---------------------------------------------------------------- afterwards

    def lines(self):
        return self.registrar.keys_file.read_text().splitlines()

    def check_keys(self):
        """All that was given is there, and nothing is torn."""
        lines = self.lines()
        assert all(LINE.fullmatch(line) or re.match(r"\d+ [!#]", line) for line in lines), lines
        assert set(self.given.values()) <= set(lines), "an acknowledged key is lost"
        ids = [line.split(" ")[0] for line in lines]
        assert len(ids) == len(set(ids)), "an id was given twice"

    def check_log(self, before, function):
        """Who was not served finds out there why, unless too much is said of the source. The last
        line is about the next one."""
        self.registrar.wait_for_line(rf"Registered web-{self.count} as", before)
        said = "\n".join(self.registrar.lines[before:-1])
        assert function not in STORING or re.search(WORDS[function], said), said
        if function == "malloc":
            for line in re.findall(r"(?:Refused|Lost) .*", said):
                assert re.search(WORDS["malloc"], line), line

    def attempt(self, act, function):
        def once(number):
            del number
            before, begun = len(self.registrar.lines), time.monotonic()
            self.status = None
            done = act()
            took = time.monotonic() - begun
            failed = self.faults.failed
            self.faults.disarm()
            assert self.registrar.process.poll() is None, self.registrar.log
            assert self.register(), self.registrar.log[-2000:]
            assert took < PROMPT, f"took {took:.1f} s: {self.registrar.lines[before:]}"
            assert done or failed, self.registrar.lines[before:]
            if not done:
                assert self.status in (None, 200) or self.status >= 500, self.status
                self.check_log(before, function)
            self.check_keys()
        return once


@contextlib.contextmanager
def faulty(directory, tmp_path):
    """A Service that must end well, and whose files the next one must be able to read."""
    faults = Faults(tmp_path)
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    with api_tools.serving(directory, "--timeout", "5", "--api-max-requests", "0",
                           password_file=password, environment=faults.environment) as registrar:
        service = Service(registrar, faults)
        assert service.register() and service.token
        descriptors = api_tools.count_descriptors(registrar)
        yield service
        assert api_tools.wait_for_descriptors(registrar, lambda count: count <= descriptors)
    service.check_keys()
    with serving(directory, "-n") as registrar:
        assert registrar.register("last")


# What each act calls; the functions that are not here are of no concern to it.
CONNECTION = ["malloc", "event_add", "epoll_ctl", "read", "write", "accept", "SSL_read",
              "SSL_write"]
ACTS = {
    "register": [*CONNECTION, "open", "fsync"],
    "add": [*CONNECTION, "open", "fsync"],
    "enroll": [*CONNECTION, "open", "fsync"],
    "remove": [*CONNECTION, "open", "fsync", "rename"],
    "list": [*CONNECTION, "open"],
    "log_in": CONNECTION,
    "reload": ["malloc", "open"],
}


@pytest.mark.parametrize("act, function", [
    pytest.param(act, function, marks=[] if act in ("register", "add") else needs_plain_build)
    for act, functions in ACTS.items() for function in functions])
def test_service(directory, tmp_path, act, function):
    with faulty(directory, tmp_path) as service:
        once = service.attempt(getattr(service, act), function)
        assert fail_at_every_call(service.faults, function, once) > 0


@needs_plain_build
def test_lost_header(directory, tmp_path):
    """evhttp refuses a head of which it could not keep a part, with 400: the client hears nothing
    of that."""
    value = "x" * 4321
    with faulty(directory, tmp_path) as service:
        # once more with the reserve
        service.faults.arm("malloc", 1, times=2, size=len(value) + 1)
        assert not service.enroll(**{"X-Some": value})
        assert service.faults.failed and service.status is None, service.status
        service.registrar.wait_for_line("Out of memory: cut off 127.0.0.1 .* middle of a request")
        service.faults.disarm()
        assert service.enroll(**{"X-Some": value})


# ------------------------------------------------------------------ the commands


class Command:
    """A command of the registrar, run again and again over the same file."""

    def __init__(self, directory, tmp_path, *arguments):
        self.directory = directory
        self.keys = directory / "etc" / "client.keys"
        self.faults = Faults(tmp_path)
        self.arguments = arguments
        for name in ("one", "two"):
            assert run("-D", directory, "add", "-n", name).returncode == 0
        self.before = self.keys.read_text()

    def run(self):
        try:
            return subprocess.run(
                [PROGRAM, "-D", str(self.directory), *self.arguments], capture_output=True,
                text=True, timeout=PATIENCE, env={**os.environ, **self.faults.environment},
                check=False, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as hanging:
            raise AssertionError(f"it hangs: {hanging.stderr}") from None

    def check_end(self, function, done):
        """Carried out whole, or not at all, with a message."""
        assert 0 <= done.returncode < 128, done
        assert done.returncode == 0 or re.search(WORDS[function], done.stderr), done

    def attempt(self, function):
        def once(number):
            del number
            self.keys.write_text(self.before)
            done = self.run()
            self.faults.disarm()
            after = self.keys.read_text()
            self.check_end(function, done)
            changed = after != self.before
            assert changed or done.returncode != 0, done
            kept = [line for line in self.before.splitlines() if not changed or " two " in line]
            assert {*kept} <= {*after.splitlines()}, done
            assert all(LINE.fullmatch(line) or TOMBSTONE.fullmatch(line)
                       for line in after.splitlines()), after
            again = run("-D", self.directory, "add", "-n", "three")
            assert again.returncode == 0, (done, again)
        return once

    def check(self, function):
        assert fail_at_every_call(self.faults, function, self.attempt(function)) > 0


@needs_plain_build
@pytest.mark.parametrize("arguments, functions", [
    (["add", "-n", "web-01"], ["malloc", "open", "read", "write", "fsync"]),
    (["remove", "001"], ["malloc", "open", "read", "write", "fsync", "rename"]),
], ids=["add", "remove"])
def test_command(directory, tmp_path, arguments, functions):
    for function in functions:
        place = tmp_path / function
        shutil.copytree(directory, place / "manager")
        Command(place / "manager", place, *arguments).check(function)


@needs_plain_build
@pytest.mark.parametrize("function", ["malloc", "open", "read", "write", "fsync", "rename"])
def test_token_command(directory, certificates, tmp_path, function):
    """A token is printed only if it is kept."""
    faults = Faults(tmp_path)
    certificate = certificates.chain("good")[0]

    def ids():
        return {token["id"] for token in json.loads(
            run("-D", directory, "token", "list", "--json").stdout)["tokens"]}

    def attempt(number):
        del number
        before = ids()
        done = subprocess.run(
            [PROGRAM, "-D", str(directory), "token", "create", "--json", "--address", "m",
             "-x", str(certificate)], capture_output=True, text=True, timeout=PATIENCE,
            check=False, env={**os.environ, **faults.environment})
        assert 0 <= done.returncode < 128, done
        assert done.returncode == 0 or re.search(WORDS[function], done.stderr), done
        assert before <= ids()
        if done.returncode == 0:
            assert ids() - before == {json.loads(done.stdout)["id"]}, done
        else:
            assert '"token":"' not in done.stdout or function == "write", done
    assert fail_at_every_call(faults, function, attempt) > 0


# ------------------------------------------------------------------ the start


@needs_plain_build
@pytest.mark.parametrize("function", ["malloc", "open", "read"])
def test_configuration_test(directory, tmp_path, function):
    """A service that cannot start says why, and leaves client.keys alone."""
    faults = Faults(tmp_path)
    assert run("-D", directory, "add", "-n", "one").returncode == 0
    before = (directory / "etc" / "client.keys").read_text()

    def attempt(number):
        del number
        done = subprocess.run([PROGRAM, "-D", str(directory), "-n", "-t", "serve"],
                              capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env={**os.environ, **faults.environment})
        assert 0 <= done.returncode < 128, done
        assert done.returncode == 0 or re.search(WORDS[function], done.stderr), done
        assert done.returncode != os.EX_CONFIG or function != "malloc", done
        assert (directory / "etc" / "client.keys").read_text() == before
    assert fail_at_every_call(faults, function, attempt) > 0


def rotate(directory, environment, *arguments):
    return subprocess.run([PROGRAM, "-D", str(directory), "init", "--rotate-ca", *arguments],
                          capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, **(environment or {})})


@needs_plain_build
@pytest.mark.parametrize("steps", [[], ["--finish"]], ids=["begin", "finish"])
@pytest.mark.parametrize("function", ["malloc", "open", "read", "write", "fsync", "rename"])
def test_rotation(tmp_path, steps, function):
    """What is there can be served with, and the next try succeeds."""
    place = tmp_path / "manager"
    assert run("-D", place, "-n", "--dialect", "wazuh", "init").returncode == 0
    if steps:
        assert rotate(place, None).returncode == 0
    shutil.copytree(place, tmp_path / "before")
    faults = Faults(tmp_path)

    def attempt(number):
        del number
        shutil.rmtree(place)
        shutil.copytree(tmp_path / "before", place)
        done = rotate(place, faults.environment, *steps)
        faults.disarm()
        assert 0 <= done.returncode < 128, done
        assert done.returncode == 0 or re.search(WORDS[function], done.stderr), done
        assert done.returncode != os.EX_CONFIG or function != "malloc", done
        assert run("-D", place, "-n", "-t", "serve").returncode == 0, done
        assert rotate(place, None, *steps).returncode == 0, done
        assert (place / "etc" / "agent-registrar.ca").read_text().count("BEGIN") == 2 - len(steps)
    assert fail_at_every_call(faults, function, attempt) > 0
