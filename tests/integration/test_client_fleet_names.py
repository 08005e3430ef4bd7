# SPDX-License-Identifier: ISC
"""Names for fleets: the FQDN, the address towards the manager, a line of a file. What only the
network knows is found by the process that talks to managers, for the request that is made."""
import os
import re
import socket

import pytest
from enroll_tools import PASSWORD
from fake_manager import answer, end
from machine import EXIT_CODES, KEY, reply, shell_words
from proxies import through, tunnel
from scripted_api import Api, affected, error, export, granted, needs_module
from scripted_api import settings as api_settings

ADDRESS = "ip-127.0.0.1"
TAKEN = "There is an agent with the same name"


def registers_as(machine, manager, template, name, **options):
    """Register by this template, and expect this name. Returns the Result."""
    result = machine.registers(f"001 {name} any {KEY}\n", manager=manager, name=template, **options)
    assert f"as {name}" in result.stderr, result
    return result


# ------------------------------------------------------------------ the address


def test_address(machine, start_manager):
    manager = start_manager(answer(reply(name=ADDRESS)))
    result = registers_as(machine, manager, "ip-%a", ADDRESS)
    assert manager.requests == [f"OSSEC A:'{ADDRESS}'\n".encode()]
    assert result.state["agent_name"] == ADDRESS and "requested_name" not in result.state
    assert result.stderr.count("Requesting a key") == 1, result


@pytest.mark.usefixtures("ipv6")
def test_address_of_ipv6(machine, start_manager):
    manager = start_manager(answer(reply(name="ip---1")), address="::1")
    registers_as(machine, manager, "ip-%a", "ip---1")


@pytest.mark.usefixtures("ipv6")
def test_address_towards_the_proxy(machine, start_manager, start_proxy):
    manager, proxy = start_manager(answer(reply(name="ip---1"))), start_proxy(tunnel(),
                                                                              address="::1")
    result = registers_as(machine, manager, "ip-%a", "ip---1", settings=through(proxy))
    assert ", through the proxy " in result.stderr


def test_manager_that_is_not_there(machine):
    """Without a connection there is no address, and no request; the next manager gives one."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        machine.fails("unreachable", "Connection refused", name="ip-%a",
                      manager=f"127.0.0.1:{listener.getsockname()[1]}")


@pytest.mark.usefixtures("ipv6")
def test_each_manager_is_told_the_address_towards_it(machine, start_manager):
    first = start_manager(answer(b"ERROR: Unable to add agent\n\n"), address="::1")
    second = start_manager(answer(reply(name=ADDRESS)))
    result = machine.register(manager=[first, second], name="ip-%a")
    assert result.status == 0, result
    assert first.requests == [b"OSSEC A:'ip---1'\n"]
    assert second.requests == [f"OSSEC A:'{ADDRESS}'\n".encode()]


def test_suffix_and_what_it_makes_of_the_next_request(machine, start_manager):
    """The suffixed name is requested from the same manager, and again with --force."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        name = re.search(rb"A:'([^']*)'", conversation.request)[1].decode()
        conversation.send(b"ERROR: Duplicate agent name\n\n" if name == ADDRESS
                          else reply(name=name))
        end(conversation, "close")
    manager = start_manager(script)
    options = {"manager": manager, "name": "ip-%a", "settings": {"identity.on_duplicate": "suffix"}}
    result = machine.register(**options)
    assert result.status == 0, result
    first, second = manager.requests
    assert first == f"OSSEC A:'{ADDRESS}'\n".encode()
    assert re.fullmatch(rb"OSSEC A:'ip-127\.0\.0\.1-[0-9a-f]{8}'\n", second)
    assert result.state["requested_name"] == ADDRESS
    result = machine.register(force=True, **options)
    assert result.status == 0, result
    assert manager.requests[2].startswith(second[:-2]), manager.requests


def test_name_that_becomes_too_long(machine, start_manager):
    """The manager has seen a connection, and no request."""
    manager = start_manager()
    machine.fails("misconfigured", "name in [agent]", manager=manager, name="n" * 120 + "%a")
    assert [conversation.records for conversation in manager.conversations] in ([], [[]])


@needs_module
def test_api(machine, start_manager):
    api = Api({"POST /agents": granted(name=ADDRESS)})
    registers_as(machine, start_manager(api), "ip-%a", ADDRESS, settings=api_settings(machine))
    call, = [call for call in api.calls if call.path == "/agents"]
    assert call.json["name"] == ADDRESS


@needs_module
def test_api_whose_answer_was_lost(machine, start_manager):
    """The name of the lost request is known only when there is a connection."""
    api = Api({"POST /agents": b""})
    manager, options = start_manager(api), {"name": "ip-%a", "settings": api_settings(machine)}
    result = machine.register(manager=manager, **options)
    assert result.state["unanswered"].split()[1] == ADDRESS, result
    api.answers.update({"POST /agents": error(400, 1705, TAKEN),
                        rf"GET /agents\?name={re.escape(ADDRESS)}&.*": affected()})
    result = machine.register(manager=manager, **options)
    assert result.status == EXIT_CODES["duplicate"], result
    assert "answer to its request was lost" in result.failure, result
    assert any(call.startswith("GET /agents?name=" + ADDRESS) for call in api.made), api.made


def test_enroll(start_wazuh5, enrollment):
    """Its request is composed before a connection is needed for it."""
    server = start_wazuh5(password=PASSWORD)
    options = enrollment.options(manager=server, password=PASSWORD)
    result = enrollment.machine.register(**{**options, "name": "ip-%a"})
    assert result.status == 0, result
    assert [request.members["name"] for request in server.enrollments] == [ADDRESS]


# ------------------------------------------------------------------ the FQDN


@pytest.fixture(name="with_hosts")
def fixture_with_hosts(machine, mount_namespace):  # pylint: disable=unused-argument
    """The options of a run whose name services are this /etc/hosts, and a name server."""
    def mounts(hosts, name_server=None):
        files = {"hosts": hosts,
                 "nsswitch.conf": f"hosts: files{' dns' if name_server else ''}\n",
                 "resolv.conf": f"nameserver {name_server or '127.0.0.1'}\noptions attempts:1\n"}
        lines = []
        for name, text in files.items():
            target = os.path.realpath(f"/etc/{name}")
            lines.append(shell_words("mount", "--bind", machine.write(name, text), target))
        return {"before": "\n".join(lines)}
    return mounts


FQDNS = {
    "of /etc/hosts": ("web-01", "127.0.1.1 web-01.example.test web-01\n", "web-01.example.test"),
    "of the host name": ("web-01.example.test", "", "web-01.example.test"),
}


@pytest.mark.parametrize("host_name, hosts, fqdn", FQDNS.values(), ids=FQDNS.keys())
def test_fqdn(machine, start_manager, call_machine, with_hosts, host_name, hosts, fqdn):
    call_machine(host_name)
    manager = start_manager(answer(reply(name=fqdn)))
    registers_as(machine, manager, "%f", fqdn, **with_hosts(hosts))
    assert manager.requests == [f"OSSEC A:'{fqdn}'\n".encode()]


NO_FQDNS = {
    "no domain": ("web-01", "127.0.1.1 web-01\n", "the name services know it as 'web-01'"),
    "unknown": ("web-01", "127.0.0.1 localhost\n", "the name services know it as ''"),
    "localhost": ("web-01", "127.0.0.1 localhost.localdomain web-01\n", "localhost.localdomain"),
    "no host name": ("localhost", "127.0.0.1 localhost\n", "no host name yet (it is 'localhost')"),
    "placeholder": ("debian", "127.0.1.1 debian.lan debian\n", "a name that comes with images"),
}


@pytest.mark.parametrize("host_name, hosts, words", NO_FQDNS.values(), ids=NO_FQDNS.keys())
def test_no_fqdn(machine, start_manager, call_machine, with_hosts, host_name, hosts, words):
    call_machine(host_name)
    manager = start_manager()
    machine.fails("not-ready", words, "name", manager=manager, name="%f", **with_hosts(hosts))
    assert manager.conversations == []


def test_name_server_that_does_not_answer(machine, start_manager, call_machine, with_hosts):
    call_machine("web-01")
    manager = start_manager()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.97", 53))
        machine.fails("unreachable", "The FQDN of this machine is not known",
                      "no name server answered in time", manager=manager, name="%f",
                      settings={"manager.attempt_timeout": "1 s"},
                      **with_hosts("127.0.0.1 localhost\n", "127.0.0.97"))
    assert manager.conversations == []


# ------------------------------------------------------------------ a file


def test_file(machine, start_manager):
    path = machine.write("name", "blue-7\nsecond line\n")
    manager = start_manager(answer(reply(name="x-blue-7")))
    registers_as(machine, manager, f"x-%{{file:{path}}}", "x-blue-7")


def test_file_that_is_not_there_yet(machine, start_manager):
    """It is waited for, like a host name."""
    path = os.path.join(machine.directory, "name")
    manager = start_manager(answer(reply(name="blue-7")))
    machine.fails("not-ready", path, "agent-register-config.target", manager=manager,
                  name=f"%{{file:{path}}}")
    machine.write("name", "")
    machine.fails("not-ready", path, manager=manager, name=f"%{{file:{path}}}")
    assert manager.conversations == []
    run = machine.start(manager=manager, name=f"%{{file:{path}}}",
                        settings={"retry.budget": "1 min", "retry.initial": "100 ms"})
    run.wait_for_line("first line")
    machine.write("name", "blue-7\n")
    assert run.finish().status == 0 and machine.read_keys() == f"001 blue-7 any {KEY}\n".encode()


@pytest.mark.parametrize("content, mode", [("blue 7\n", 0o644), ("blue-7\n", 0o666),
                                           ("n" * 500, 0o644), ("blue\0", 0o644)],
                         ids=["no name", "anybody's", "too long", "NUL byte"])
def test_file_that_cannot_be_used(machine, start_manager, content, mode):
    path = machine.write("name", content, mode)
    manager = start_manager()
    machine.fails("misconfigured", path, manager=manager, name=f"%{{file:{path}}}")
    assert manager.conversations == []


# ------------------------------------------------------------------ check


def test_check(machine, start_manager):
    manager = start_manager()
    path = machine.write("name", "blue-7\n")
    result = machine.register("check", manager=manager, name=f"%{{file:{path}}}-%a")
    assert result.status == 0, result
    names = [text for layer, _, text in result.layers if layer == "name"]
    assert names == [f"%{{file:{path}}}-%a, found with each manager", "blue-7-127.0.0.1"], result
    assert ("own address", True, "127.0.0.1") in result.layers, result
    assert not any(conversation.records for conversation in manager.conversations)


def test_check_shows_what_is_missing(machine, start_manager, call_machine, with_hosts):
    call_machine("web-01")
    result = machine.register("check", manager=start_manager(), name="%f",
                              **with_hosts("127.0.0.1 localhost\n"))
    assert result.status == 75, result
    assert [layer for layer, good, _ in result.layers if not good] == ["FQDN"], result


@needs_module
def test_import_does_not_compare_it(machine):
    """No manager is asked, so nobody knows what it would be."""
    path = machine.write("key", export(name="blue-7", id="009"), 0o600)
    result = machine.register(trust=None, name="ip-%a",
                              settings={"manager.method": "import", "auth.key_file": path})
    assert result.status == 0 and result.warnings == [], result
