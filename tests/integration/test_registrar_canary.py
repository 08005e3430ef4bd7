# SPDX-License-Identifier: ISC
"""Every secret of the registrar, searched for in what others can see of it: arguments, environment,
log at debug level, cores, and files but those that must hold it; of the service and of the
commands, and when they fail."""
import base64
import json
import os
import secrets
import signal
import subprocess
import threading

import api_tools
import pytest
from canary import ECHOES, Canaries, cores_allowed, remove_cores, text
from fail_at_call import Faults
from process_tree import processes
from registrar_tools import API, PATIENCE, PROGRAM, Registrar, run, serving
from wazuh5_manager import ENROLL

needs_api = pytest.mark.skipif(
    not os.path.exists(os.path.join(os.path.dirname(PROGRAM), "agent-register-https.so")),
    reason="built --without-api",
)


class World:
    """A registrar's directory whose secrets exist nowhere else."""

    def __init__(self, directory):
        self.directory = directory
        self.canaries = Canaries(password=text(), api_password=text(within='"%\\:'),
                                 key=secrets.token_hex(32))
        self.password_file = directory / "etc" / "authd.pass"
        self.password_file.write_text(f"{self['password']}\n")
        self.password_file.chmod(0o640)
        self.keys_file = directory / "etc" / "client.keys"
        self.keys_file.write_text(f"900 old any {self['key']}\n")
        self.keys_file.chmod(0o640)
        self.canaries.keep("password", self.password_file)
        self.canaries.keep("key", self.keys_file)
        users = api_tools.write_users(directory, {api_tools.USER: self["api_password"]})
        self.canaries.add("hash", users.read_text().rsplit("$", 1)[1].strip())
        self.canaries.keep("hash", users)

    def __getitem__(self, name):
        return self.canaries[name]

    def given(self, key):
        """A key that was given to an agent."""
        name = f"key {len(self.canaries.all)}"
        self.canaries.add(name, key)
        self.canaries.keep(name, self.keys_file)

    def check(self, *said):
        for each in said:
            self.canaries.search_log(str(each), "the log")
        assert self.canaries.search_files(self.directory) > 3

    def look(self):
        self.canaries.search_processes()

    def command(self, *arguments, **options):
        """A command; what it says on standard error. Its standard output is the caller's."""
        done = run("-D", self.directory, "-d", *arguments, **options)
        self.check(done.stderr)
        return done

    def serve(self, *arguments, **options):
        return serving(self.directory, "-d", "--dialect", "wazuh", *arguments, **options)


@pytest.fixture
def world(directory):
    return World(directory)


def requests(password, form):
    """What a client may send with this in it."""
    echo = ECHOES[form](password.encode())
    for line in (b"OSSEC PASS: " + echo + b" OSSEC A:'web-01'", b"OSSEC PASS: " + echo,
                 b"OSSEC A:'" + echo + b"'", b"OSSEC A:'a' V:'" + echo + b"'",
                 b"OSSEC A:'a' G:'" + echo + b"'", b"OSSEC A:'a' IP:'" + echo + b"'",
                 b"OSSEC A:'a' K:'" + echo + b"'", echo, b"GET /" + echo + b" HTTP/1.1\r\n",
                 b"OSSEC PASS: " + password.encode() + echo + b" OSSEC A:'a'"):
        yield line + b"\n"


# ------------------------------------------------------------------ the service


def test_registration(world):
    """While a request is half sent, and when it has been answered; wrong passwords, and a reload
    that fails, as well."""
    with world.serve() as registrar:
        with registrar.open() as client:
            client.send(f"OSSEC PASS: {world['password']} OSSEC ")
            world.look()
            client.send("A:'web-01'\n")
            agent = client.reply().agent
        world.given(agent[3])
        world.look()
        registrar.ask(f"OSSEC PASS: {world['password'][:-1]} OSSEC A:'web-02'\n")
        registrar.ask(f"OSSEC PASS: {world['password']} OSSEC A:'web-02' IP:'{agent[3]}'\n")
        world.password_file.write_text(f"{world['password']}\r\n\n")
        registrar.process.send_signal(signal.SIGHUP)
        registrar.wait_for_line("carriage return|not reloaded|Cannot")
        world.look()
    assert "web-01" in registrar.log
    world.check(registrar.log)


@pytest.mark.parametrize("form", ECHOES)
def test_requests_with_the_password(world, form):
    """Sent by somebody who knows it, in the wrong place."""
    with world.serve() as registrar:
        for number, line in enumerate(requests(world["password"], form), 2):
            registrar.ask(line, source=f"127.0.0.{number}")  # refusals of one source come late
        with registrar.connect() as plain:
            plain.sendall(ECHOES[form](world["password"].encode()) + b"\n")
            while plain.recv(4096):
                pass
    for keys in registrar.keys()[1:]:
        world.given(keys[3])
    world.check(registrar.log)


@needs_api
def test_api(world):
    """Logins, sessions, keys in answers and in requests, and enrollments."""
    with world.serve("--api-port", "0") as registrar:
        registrar.api_port = registrar.port_of(API)
        with api_tools.Client(registrar) as client:
            assert client.try_login(password=world["api_password"][:-1]).status == 401
            client.log_in(password=world["api_password"])
            session = client.headers["Authorization"].split(" ")[1]
            world.canaries.add("session", session.split(".")[2])
            world.look()
            world.given(client.add("web-01")[3])
            own = secrets.token_hex(32)
            assert client.ask("POST", "/agents/insert", {"name": "web-02", "id": "077",
                                                         "key": own}).status == 200
            world.given(own)
            assert client.ask("GET", "/agents/900/key").status == 200
            for form in ECHOES.values():
                check_calls(client, form(world["key"].encode()).decode(),
                            form(world["api_password"].encode()).decode())
                check_calls(client, form(world["key"].encode()).decode(),
                            form(session.encode()).decode())
            world.look()
    world.check(registrar.log)


def check_calls(client, key, password):
    """Calls that are refused: with a key in any place, and a password where such things go."""
    quoted, proof = ("".join(f"%{byte:02x}" for byte in text.encode()) for text in (key, password))
    basic = base64.b64encode(f"{api_tools.USER}:{password}".encode()).decode()
    client.ask("POST", "/agents/insert", {"name": "x", "id": "1", "key": key + "!"})
    client.ask("POST", "/agents", {"name": key, "ip": key, key: key})
    client.ask("POST", "/agents", json.dumps({"name": key})[:-1], {"Content-Type": quoted})
    client.ask("GET", f"/agents?q=name={quoted}&{quoted}={quoted}")
    client.ask("GET", f"/agents?select={quoted}")
    client.ask("GET", f"/agents/{quoted}/key")
    client.ask("GET", f"/{quoted}")
    client.ask("PUT", f"/agents/900/group/{quoted}")
    for header in (f"Basic {basic}x", f"Basic {proof}", proof, f"Bearer {proof}"):
        client.ask("POST", api_tools.LOGIN, headers={"Authorization": header})
        client.ask("GET", "/agents", headers={"Authorization": header})
        client.ask("POST", ENROLL, {"name": key, "version": key, key: key},
                   {"protocol-version": "1", "Authorization": header})


@pytest.mark.parametrize("which", [0, -1], ids=["keeper", "front"])
@pytest.mark.parametrize("limited", [True, False], ids=["limited", "limit not set"])
def test_no_core(world, tmp_path, limited, which):
    """Amid a request, by a signal; even if its limit on cores does not hold."""
    place = tmp_path / "here"
    place.mkdir()
    faults = Faults(tmp_path)
    faults.arm("setrlimit", 1)
    with cores_allowed(place):
        running = Registrar(world.directory, "-d", "--dialect", "wazuh",
                            program=["env", f"--chdir={place}", PROGRAM],
                            environment={} if limited else faults.environment)
        with running.open() as client:
            client.send(f"OSSEC PASS: {world['password']} OSSEC ")
            os.kill(processes(running.process.pid)[which], signal.SIGSEGV)
            assert running.kill() != 0
    assert remove_cores(place) == 0
    assert limited or faults.failed
    world.check(running.log)


@pytest.mark.parametrize("content", ["{password}\n\n", "{password}\nmore\n", "{password}\r\n",
                                     "{password}\0\n", "{password}" * 300])
def test_serve_with_a_broken_password_file(world, content):
    world.password_file.write_text(content.format(password=world["password"]))
    world.command("-t", "serve")
    world.look()


@needs_api
@pytest.mark.parametrize("line", ["admin:{hash}\n", "{password}\n", "admin:{password}:{hash}\n",
                                  "admin:$scrypt$ln=99,r=8,p=1${hash}$\n", ":{password}\n"])
def test_serve_with_broken_users(world, line):
    users = world.directory / "etc" / "api.users"
    users.write_text(line.format(hash=world["hash"], password=world["api_password"]))
    world.canaries.keep("api_password", users)
    assert world.command("-t", "--api-port", "0", "serve").returncode != 0


def test_files_that_are_read_as_one_another(world):
    """Secrets where certificates and options are expected."""
    for option in ("-x", "-k", "-v"):
        for path in (world.password_file, world.keys_file):
            assert world.command("-t", option, path, "serve").returncode != 0
    for path in (world.keys_file, world.directory / "etc" / "sslmanager.key"):
        world.command("-t", "-P", path, "serve")
        world.command("import-file", path)
    world.keys_file.write_text(f"900 old any any {world['key']}\n{world['key']}\n"
                               f"1 {world['key']} any\n900 old any {world['key']}!\n")
    world.command("-t", "serve")
    world.command("list")


# ------------------------------------------------------------------ the commands


def test_commands(world):
    """Only `export` prints a key; nobody is shown one in the process table."""
    world.command("add", "-n", "web-01")
    for fields in (line.split(" ") for line in world.keys_file.read_text().splitlines()[1:]):
        world.given(fields[3])
    world.check()
    listed = world.command("list")
    assert "web-01" in listed.stdout
    world.canaries.search(listed.stdout, "list")
    exported = world.command("export", "900").stdout.strip().split()[-1]
    assert base64.b64decode(exported).decode() == f"900 old any {world['key']}"
    for arguments in (["export", "999"], ["remove", "999"], ["remove", "900"],
                      ["add", "-n", "bad name"], ["import-file", "/nowhere"]):
        done = world.command(*arguments)
        world.canaries.search(done.stdout, arguments[0])


@needs_api
@pytest.mark.parametrize("spoilt", [False, True], ids=["good", "too long"])
def test_user(world, spoilt):
    """While it waits for the rest of the password."""
    command = [PROGRAM, "-D", str(world.directory), "-d", "user", "other"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        process.stdin.write(world["api_password"].encode())
        process.stdin.flush()
        world.look()
        said = process.communicate(b"x" * 100 if spoilt else b"\n")
        watchdog.cancel()
    assert (process.returncode == 0) != spoilt
    users = world.directory / "etc" / "api.users"
    for line in users.read_text().splitlines():
        world.canaries.add("hash", line.rsplit("$", 1)[1])
        world.check(*said)
        world.canaries.add(f"hash of {line.split(':')[0]}", line.rsplit("$", 1)[1])
        world.canaries.keep(f"hash of {line.split(':')[0]}", users)
