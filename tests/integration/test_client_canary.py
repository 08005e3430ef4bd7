# SPDX-License-Identifier: ISC
"""Every secret of the client, searched for in what others can see of a run: arguments, environment,
journal and log at debug level, what systemd is told, cores, and files but those that must hold it;
for every method, and when it fails."""
import base64
import os
import secrets
import signal

import pytest
import wazuh5_manager
from canary import ECHOES, Canaries, cores_allowed, remove_cores, text
from fail_at_call import Faults
from fake_manager import PATIENCE
from import_tools import pipe
from machine import reply
from process_tree import processes
from scripted_api import Api, Reply, affected, error, export, needs_module

pytestmark = pytest.mark.skipif("ASAN_OPTIONS" in os.environ,
                                reason="what others see is the same with sanitizers")
SEARCHES = 8


class World:
    """A machine whose secrets exist nowhere else."""

    def __init__(self, machine):
        self.machine = machine
        self.canaries = Canaries(
            password=text(), api_password=text(within='"%\\:'), proxy_password=text(),
            key=secrets.token_hex(32), old_key=secrets.token_hex(32), session=text(60),
            credential=text(11) + text(11)
        )
        self.looks = 0
        self.searches = SEARCHES  # of all processes, that are left
        for name in (machine.keys, f"{machine.keys}.old"):
            self.keep("old_key", name)
            self.keep("key", name)
        self.machine.install_key(f"007 web-01 any {self['old_key']}\n")

    def __getitem__(self, name):
        return self.canaries[name]

    def keep(self, name, path):
        self.canaries.keep(name, path)
        return path

    def write(self, name):
        """A file with the secret of this name."""
        return self.keep(name, self.machine.write(f"{name}.txt", self[name], 0o600))

    def look(self, *_):
        """At all processes, while a manager keeps one of ours waiting. Not more often than
        needed: it takes its time."""
        if self.searches > 0:
            self.canaries.search_processes()
        self.searches -= 1
        self.looks += 1

    def check(self, *said, looks=0):
        """What was said, and what is left in files."""
        for each in said:
            self.canaries.search_log(str(each), "the log")
        assert self.canaries.search_files(self.machine.directory) > 2
        assert self.looks >= looks

    def fails(self, **options):
        """A run at debug level that must not succeed. Processes are looked at once: they are
        those of a run that succeeds."""
        self.searches = min(self.searches, 1)
        result = self.machine.register("-d", "-d", force=True, **options)
        assert result.status not in (0, None) and result.failures, result
        self.check(result.stderr, result.stdout, result.state)
        return result

    def authd(self, *answers):
        """The script of a manager of ours that looks around in between."""
        def script(conversation):
            self.look()
            conversation.handshake()
            self.look()
            conversation.read_request()
            self.look()
            for each in answers or [reply(key=self["key"])]:
                conversation.send(each)
            conversation.finish()
        return script

    def authd_settings(self):
        return {"auth.password_file": self.write("password")}

    def api(self, **answers):
        def looking(answer):
            def look(_):
                self.look()
                return answer
            return look
        login, agents, group = (f"POST /{each}" for each in
                                ("security/user/authenticate", "agents", "nothing"))
        chosen = {login: {"data": {"token": f"a.{self['session']}.b"}, "error": 0},
                  agents: {"data": {"id": "001", "key": export(key=self["key"])}, "error": 0},
                  "PUT /agents/001/group/.*": affected("001"), group: {}}
        names = {"login": login, "agents": agents, "group": "PUT /agents/001/group/.*"}
        chosen.update({names[name]: answer for name, answer in answers.items()})
        return Api({call: looking(answer) for call, answer in chosen.items()})

    def api_settings(self, **more):
        return {"manager.method": "api", "auth.api_user": "enroller",
                "auth.api_password_file": self.write("api_password"), **more}


@pytest.fixture
def world(machine):
    return World(machine)


@pytest.fixture
def enrolling(world, enrollment, start_wazuh5):
    """What a run with method enroll needs: a server that looks around, and the options."""
    server = start_wazuh5(password=world["password"])
    server.forced = [world.look] * 4
    options = {"manager": server.address, "settings": {"manager.method": "enroll",
                                                       **world.authd_settings()}}
    world.keep("secret", enrollment.secret_file)
    return server, options


# ------------------------------------------------------------------ registering


def run_each_way(world, journal, notify_socket, **options):
    """Once with a journal, once as the service."""
    world.machine.install_key(f"007 web-01 any {world['old_key']}\n")
    status, entries, printed = journal("-d", "-d", force=True, **options)
    assert status == 0 and len(entries) > 3, printed
    world.check(entries, printed)
    result = world.machine.register_as_service(notify_socket, "-d", "-d", force=True, **options)
    assert result.status == 0, result
    world.check(result.stderr, result.state)
    return result


def test_authd(world, journal, notify_socket, start_manager, monkeypatch):
    told = []
    receive = notify_socket.next
    monkeypatch.setattr(notify_socket, "next", lambda: told.append(receive()) or told[-1])
    run_each_way(world, journal, notify_socket, manager=start_manager(world.authd()),
                 settings=world.authd_settings())
    assert any("READY=1" in each for each in told)
    world.check(told, looks=6)
    assert world.machine.read_keys() == f"001 web-01 any {world['key']}\n".encode()


@needs_module
def test_api(world, journal, notify_socket, start_manager):
    run_each_way(world, journal, notify_socket, manager=start_manager(world.api()),
                 settings=world.api_settings(**{"agent.groups": "web"}))
    world.check(looks=6)


def test_enroll(world, journal, notify_socket, enrolling, enrollment):
    """With the password, and, when the key is lost, with the secret that came with it."""
    server, options = enrolling
    keys = os.path.join(world.machine.etc, "client.keys")
    world.machine.register("-d", "-d", force=True, **options)
    given = server.agents["001"]
    world.canaries.add("given key", given[1])
    world.canaries.add("secret", given[2])
    for name in ("client.keys", "client.keys.old"):
        world.keep("given key", os.path.join(world.machine.etc, name))
    for name in (enrollment.secret_file, f"{enrollment.secret_file}.old"):
        world.keep("secret", name)
    world.check(looks=1)
    os.unlink(keys)
    status, entries, printed = journal("-d", "-d", **options)
    assert status == 0 and server.enrollments[-1].header.get("kid") == "001", printed
    world.check(entries, printed, looks=2)
    world.canaries.add("bearer", server.enrollments[-1].bearer.split(".")[2])
    os.unlink(keys)
    result = world.machine.register_as_service(notify_socket, "-d", **options)
    assert result.status == 0, result
    world.check(result.stderr, result.state, looks=3)


def test_enroll_with_a_token(world, journal, start_wazuh5, enrollment, ca_pin):
    name, secret = secrets.token_bytes(16), secrets.token_bytes(16)
    server = start_wazuh5(tokens={wazuh5_manager.encode(name): secret})
    server.forced = [world.look] * 4
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=name + secret)
    world.canaries.add("token", token)
    world.canaries.add("token's secret", wazuh5_manager.encode(name + secret)[22:])
    chosen = enrollment.options(token=token)
    for secret in ("token", "token's secret"):
        world.keep(secret, chosen["settings"]["auth.token_file"])
    status, entries, printed = journal("-d", "-d", force=True, **chosen)
    assert status == 0 and len(server.agents) == 1, printed
    world.check(entries, printed, looks=2)


def test_import(world, journal):
    """From standard input, while it waits for the rest; and as a method."""
    reading, writing = os.pipe()
    line = f"001 web-01 any {world['key']}\n"
    run = world.machine.start("import", "-d", "-d", "--yes", stdin=reading, trust=None, name=None)
    os.close(reading)
    os.write(writing, line[:60].encode())
    world.look()
    os.write(writing, line[60:].encode())
    os.close(writing)
    result = run.finish()
    assert result.status == 0, result
    world.check(result.stderr, result.stdout, result.state)
    world.canaries.add("export", base64.b64encode(line.strip().encode())[28:].decode())
    file = world.machine.write("key.txt", line, 0o600)
    world.keep("key", file)
    status, entries, printed = journal("-d", "-d", force=True, trust=None, name=None, settings={
        "manager.method": "import", "auth.key_file": file})
    assert status == 0, printed
    world.check(entries, printed)


@needs_module
def test_other_commands(world, start_manager):
    """check, status, deregister."""
    manager = start_manager(world.api(**{"group": affected("001")}))
    for command in ("check", "status", "deregister"):
        result = world.machine.register(
            command, "-d", *(["--yes"] if command == "deregister" else []), manager=manager,
            settings=world.api_settings())
        world.check(result.stderr, result.stdout, result.state)


# ------------------------------------------------------------------ failing


@pytest.mark.parametrize("certificate", ["other-ca", "expired", "wrong-name"])
def test_untrusted_manager(world, start_manager, enrollment, certificate):
    manager = start_manager(world.authd(), certificate=certificate)
    for settings in (world.authd_settings(), world.api_settings(),
                     {"manager.method": "enroll", **world.authd_settings()}):
        world.fails(manager=manager, settings=settings)
    assert manager.requests == []


@pytest.mark.parametrize("form", ECHOES)
def test_authd_that_repeats_it(world, start_manager, form):
    for name in ("password", "key"):
        echo = ECHOES[form](world[name].encode())
        for answers in ([b"ERROR: Invalid password: " + echo], [echo, b"\n"],
                        [b"OSSEC K:'001 web-01 any " + echo],
                        [b"OSSEC K:'001 web-01 " + echo + b" x'\n"],
                        [b"ERROR: ", echo[:9], echo[9:]], [b"\x16\x03" + echo + b"\0"]):
            world.fails(manager=start_manager(world.authd(*answers)),
                        settings=world.authd_settings())


def api_refusals(echo):
    words = echo.decode("latin-1")
    return {
        "detail": error(400, 1705, words),
        "everywhere": Reply(403, {"title": words, "detail": words, "message": words,
                                  "remediation": words, "error": 4000}),
        "version 3": Reply(400, {"error": 600, "message": words}),
        "failed items": affected(code=1, failed=[{"error": {"code": 1701, "message": words},
                                                  "id": [words]}]),
        "no JSON": Reply(502, b"<html>" + echo),
        "broken JSON": Reply(200, b'{"data": {"token": "' + echo),
        "field": Reply(401, {"title": "Unauthorized"}, [("WWW-Authenticate", f"Basic {words}")]),
        "redirection": Reply(302, b"", [("Location", f"https://127.0.0.1/{words}")]),
        "status line": b"HTTP/1.1 400 " + echo + b"\r\nContent-Length: 0\r\n\r\n",
        "no HTTP": echo + b"\r\n\r\n",
        "folded field": b"HTTP/1.1 200 OK\r\n " + echo + b"\r\n\r\n",
        "field without a colon": b"HTTP/1.1 200 OK\r\n" + echo + b"\r\n\r\n",
    }


@needs_module
@pytest.mark.parametrize("form", ECHOES)
@pytest.mark.parametrize("name", ["password", "basic", "session"])
def test_api_that_repeats_it(world, start_manager, name, form):
    secret = {"password": world["api_password"], "session": f"a.{world['session']}.b",
              "basic": base64.b64encode(f"enroller:{world['api_password']}".encode()).decode()}
    for answer in api_refusals(ECHOES[form](secret[name].encode())).values():
        api = world.api(**{"agents" if name == "session" else "login": answer})
        world.fails(manager=start_manager(api), settings=world.api_settings())


@pytest.mark.parametrize("form", ECHOES)
def test_wazuh5_that_repeats_it(world, enrolling, form):
    server, options = enrolling

    def repeat(make):
        """What it got, in this form."""
        def answer(handler):
            bearer = handler.headers["Authorization"].split(" ")[1]
            world.canaries.add("bearer", bearer.split(".")[2])
            world.look()
            return make(ECHOES[form](bearer.encode()))
        return answer

    def challenge(echo):
        return {"WWW-Authenticate": "Bearer error=\"invalid_token\", error_description=\""
                                    + echo.decode("latin-1").replace("\n", "") + '"'}
    answers = [
        lambda echo: (401, {"error": {"code": echo.decode(), "message": echo.decode()}},
                      challenge(echo)),
        lambda echo: (503, b"<html>" + echo),
        lambda echo: (200, b'{"id": "001", "key": "' + echo),
        lambda echo: (400, {"error": {"code": 9999, "message": echo.decode()}}),
        lambda echo: b"HTTP/1.1 401 " + echo + b"\r\n\r\n",
        lambda echo: echo + b"\r\n\r\n",
    ]
    for make in answers:
        server.forced = [repeat(make)]
        world.fails(**options)
    assert world.looks == len(answers)


@pytest.mark.parametrize("form", ECHOES)
def test_import_of_something_else(world, form):
    for data in (b"# " + ECHOES[form](world["key"].encode()),
                 b"001 web-01 any " + ECHOES[form](world["key"].encode()) + b"!\n"):
        reading = pipe(data)
        result = world.machine.register("import", "-d", stdin=reading, trust=None, name=None)
        os.close(reading)
        assert result.status != 0, result
        world.check(result.stderr, result.stdout, result.state)


@pytest.mark.parametrize("form", ECHOES)
def test_proxy_that_repeats_it(world, start_manager, start_proxy, form):
    basic = base64.b64encode(f"web:{world['proxy_password']}".encode())
    settings = {"auth.proxy_password_file": world.write("proxy_password"), **world.authd_settings()}
    for secret in (world["proxy_password"].encode(), basic):
        echo = ECHOES[form](secret)
        for answer in (b"HTTP/1.1 407 " + echo + b"\r\n\r\n", echo + b"\r\n\r\n",
                       b"HTTP/1.1 407 X\r\nProxy-Authenticate: " + echo + b"\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\n" + echo + b"\r\n\r\n"):
            def script(conversation, said=answer):
                conversation.socket.recv(4096)
                world.look()
                conversation.socket.sendall(said)
                conversation.finish()
            proxy = start_proxy(script)
            world.fails(manager=start_manager(), settings={
                "manager.proxy": f"http://web@{proxy.address}", **settings})


def test_faulty_files(world):
    """Files that are read as one another, or broken."""
    world.machine.write("password.txt", f"{world['password']}\nsecond\n", 0o600)
    world.keep("password", os.path.join(world.machine.directory, "password.txt"))
    for settings in ({"auth.password_file": "password.txt"}, {"tls.ca_file": "password.txt"},
                     {"manager.method": "import", "auth.key_file": "password.txt"},
                     {"manager.method": "enroll", "auth.token_file": "password.txt"},
                     {"tls.certificate": "password.txt", "tls.key": "password.txt"}):
        chosen = {key: os.path.join(world.machine.directory, value) if "file" in key or "tls" in key
                  else value for key, value in settings.items()}
        world.fails(manager="127.0.0.1:9", settings=chosen)
    config = world.machine.write("broken.conf", f"[auth]\npassword = {world['password']}\n")
    world.keep("password", config)
    world.fails(manager="127.0.0.1:9", config=config)
    for content in (f"007 web-01 any {world['old_key']}!\n", f"{world['old_key']}\n",
                    f"007 web-01 any any {world['old_key']}\n"):
        world.machine.install_key(content)
        world.fails(manager="127.0.0.1:9")


# ------------------------------------------------------------------ cores


@pytest.mark.parametrize("method", ["authd", pytest.param("api", marks=needs_module)])
@pytest.mark.parametrize("which", [0, -1], ids=["first process", "last process"])
@pytest.mark.parametrize("limited", [True, False], ids=["limited", "limit not set"])
def test_no_core(world, tmp_path, start_manager, method, which, limited):
    """By a signal, while a manager makes it wait; even if its limit on cores does not hold."""
    def hold(conversation):
        conversation.handshake()
        conversation.read_record()
        conversation.manager.reached.put(("request", conversation))
        conversation.wait_for_end()
    manager = start_manager(hold)
    settings = world.authd_settings() if method == "authd" else world.api_settings()
    faults = Faults(tmp_path)
    faults.arm("setrlimit", 1)
    with cores_allowed(world.machine.directory):
        run = world.machine.start("-d", manager=manager, settings=settings, force=True,
                                  cwd=world.machine.directory,
                                  environment={} if limited else faults.environment)
        manager.wait_for("request")
        for pid in processes(run.pid):
            with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
                found = [line.split()[-2] for line in limits if "core file" in line]
            assert found == ["0"] or not limited
        os.kill(processes(run.pid)[which], signal.SIGSEGV)
        assert run.process.wait(PATIENCE) != 0
        run.process.communicate()
    assert remove_cores(world.machine.directory) == 0
    world.check()
