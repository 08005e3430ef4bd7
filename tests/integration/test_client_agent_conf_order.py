# SPDX-License-Identifier: ISC
"""When the agent's own configuration is written: behind the answer, before the key, as it is then;
what is left of a run that was killed; and what own_enrollment = same and reset make of a name."""
import os

import pytest
from agent_conf_tools import ENDPOINT, FORCE, NO_ENROLLMENT, SET, install, read, register, wazuh
from fake_manager import answer
from machine import EXIT_CODES, KEY, OLD_LINE, reply

LEFT = ".ossec.conf.new"
SAME = ("--set", "agent.own_enrollment=same")


@pytest.fixture(name="manager")
def give_manager(start_manager):
    return start_manager(answer(reply()))


@pytest.fixture
def register_meanwhile(machine, start_manager):
    """A registration during which, when the request has come, `meanwhile` is called."""
    def run(meanwhile, response=reply(), **options):
        def script(conversation):
            conversation.handshake()
            conversation.read_request()
            meanwhile()
            conversation.send(response)
            conversation.finish()
        return register(machine, start_manager(script), *SET, **options)
    return run


def put(machine, text):
    return machine.write("ossec/etc/ossec.conf", text, 0o640)


# ------------------------------------------------------------------ the order


def test_behind_the_answer(machine, register_meanwhile):
    """Staged before the request, stored after the answer."""
    install(machine, wazuh("MANAGER_IP"))
    seen = []
    result = register_meanwhile(lambda: seen.append((read(machine), machine.files())))
    assert result.status == 0, result
    assert seen == [(wazuh("MANAGER_IP"), [".client.keys.new", LEFT, "ossec.conf"])]
    assert read(machine) == wazuh("127.0.0.1")


def test_a_refusal_changes_nothing(machine, register_meanwhile):
    install(machine, wazuh("MANAGER_IP"))
    before = machine.snapshot()
    result = register_meanwhile(lambda: None, b"ERROR: Invalid password (from manager)\n\n")
    assert result.status != 0 and machine.snapshot() == before, result


def test_spoilt_meanwhile(machine, register_meanwhile):
    """The key that has come is stored; the next run has to do the rest."""
    install(machine, wazuh("MANAGER_IP"))
    broken = wazuh("MANAGER_IP").replace("</client>", "")
    result = register_meanwhile(lambda: put(machine, broken))
    assert result.status == EXIT_CODES["misconfigured"], result
    assert [line.split(": ")[0] for line in result.failures] == ["warning", "error"], result
    assert "line 3: an element is not closed" in result.errors[0], result
    assert machine.read_keys() == f"001 web-01 any {KEY}\n".encode()
    assert read(machine) == broken and machine.files() == ["client.keys", "ossec.conf"]


def test_done_meanwhile(machine, register_meanwhile):
    install(machine, wazuh("MANAGER_IP"))
    result = register_meanwhile(lambda: put(machine, wazuh("192.0.2.7")))
    assert result.status == 0 and result.failures == [], result
    assert read(machine) == wazuh("192.0.2.7")
    assert machine.files() == ["client.keys", "ossec.conf"]


def test_came_meanwhile(machine, register_meanwhile):
    """The agent's package is installed while the manager thinks about it."""
    path = install(machine, wazuh("MANAGER_IP"))
    os.unlink(path)
    result = register_meanwhile(lambda: put(machine, wazuh("MANAGER_IP")))
    assert result.status == 0, result
    assert read(machine) == wazuh("127.0.0.1")


def test_replaced_by_a_link_meanwhile(machine, register_meanwhile):
    path = install(machine, wazuh("MANAGER_IP"))

    def replace():
        os.rename(path, path + ".real")
        os.symlink(path + ".real", path)
    result = register_meanwhile(replace)
    assert result.status == EXIT_CODES["storage-error"] and machine.read_keys(), result
    assert os.path.islink(path) and read(machine) == wazuh("MANAGER_IP")


def test_a_manager_with_a_key_is_left_alone(machine, manager):
    install(machine, wazuh("MANAGER_IP"))
    machine.install_key()
    os.makedirs(os.path.join(machine.agent, "bin"))
    machine.write("ossec/bin/wazuh-remoted", "")
    before = machine.snapshot()
    result = register(machine, manager, *SET, *NO_ENROLLMENT)
    assert result.status == EXIT_CODES["misconfigured"] and machine.snapshot() == before, result


@pytest.mark.parametrize("there, told", [
    ("https://192.0.2.9:8443/a", "https://127.0.0.1:1517"),
    ("https://192.0.2.9/a", "https://127.0.0.1"),
])
def test_an_endpoint_is_replaced_as_a_whole(machine, manager, there, told):
    """What is not known of the new manager is the usual, not what the old one had."""
    install(machine, ENDPOINT.format(there), "5.0.0")
    assert register(machine, manager, *FORCE).status == 0
    assert read(machine) == ENDPOINT.format(told)


def test_the_usual_prefix(machine, manager):
    """Of the method enroll all is known."""
    install(machine, ENDPOINT.format("https://192.0.2.9:8443/a"), "5.0.0")
    machine.install_key()
    settings = {"manager.method": "enroll"}
    assert register(machine, manager, *FORCE, settings=settings).status == 0
    assert read(machine) == ENDPOINT.format(f"https://{manager.address}")


# ------------------------------------------------------------------ what was left


@pytest.mark.parametrize("address", ["127.0.0.1", "MANAGER_IP"], ids=["done", "to be done"])
@pytest.mark.parametrize("options", [SET, ()], ids=["wanted", "not wanted"])
@pytest.mark.parametrize("with_key", [False, True], ids=["no key", "key"])
def test_left_by_a_killed_run(machine, manager, address, options, with_key):
    install(machine, wazuh(address))
    machine.write(f"ossec/etc/{LEFT}", "half")
    if with_key:
        machine.install_key()
    assert register(machine, manager, *options).status == 0
    is_looked_at = options or not with_key
    assert (LEFT in machine.files()) == (not is_looked_at), "an unwanted file is not looked at"


@pytest.mark.parametrize("make", [
    lambda path: os.symlink("/nowhere", path), os.mkdir, os.mkfifo,
], ids=["link", "directory", "pipe"])
def test_what_is_not_ours_stays(machine, manager, make):
    install(machine, wazuh("127.0.0.1"))
    make(os.path.join(machine.etc, LEFT))
    assert register(machine, manager, *SET).status == 0
    assert LEFT in machine.files()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_somebody_elses_file_stays(machine, manager):
    install(machine, wazuh("127.0.0.1"))
    os.chown(machine.write(f"ossec/etc/{LEFT}", ""), 64999, 64999)
    assert register(machine, manager, *SET).status == 0
    assert LEFT in machine.files()


def test_left_by_another_method(machine, manager):
    """Of an enrollment that was killed; the secret in it is none that an image may keep."""
    os.mkdir(os.path.join(machine.etc, "certs"))
    machine.write("ossec/etc/.reenroll.secret.new", "001 secret\n", 0o640)
    machine.write("ossec/etc/certs/.root-ca.pem.new", "half", 0o640)
    machine.registers(manager=manager)
    assert machine.files() == ["certs", "client.keys"]
    assert os.listdir(os.path.join(machine.etc, "certs")) == []


def test_reset_removes_what_is_staged(machine):
    names = [LEFT, ".client.keys.new", ".client.keys.old.new", ".client.keys.torn.new",
             ".client.keys.clone.new", ".reenroll.secret.new"]
    for name in names:
        machine.write(f"ossec/etc/{name}", OLD_LINE)
    machine.install_key()
    assert machine.register("reset", "--yes", trust=None).status == 0
    assert machine.files() == []


# ------------------------------------------------------------------ own_enrollment = same


def identity(name, address=None):
    more = f"      <agent_address>{address}</agent_address>\n" if address else ""
    return f"    <enrollment>\n      <agent_name>{name}</agent_name>\n{more}    </enrollment>\n"


def test_same_under_another_name(machine, start_manager):
    """Registered again, the agent has another name there as well; and then nothing is to do."""
    install(machine, wazuh("192.0.2.1"))
    for name in ("web-01", "db-01"):
        manager = start_manager(answer(reply(name=name)))
        assert register(machine, manager, *SAME, name=name, force=True).status == 0
        assert read(machine) == wazuh("192.0.2.1", more=identity(name))
        before = machine.snapshot()
        assert register(machine, manager, *SAME, name=name).status == 0
        assert machine.snapshot() == before, "written a second time"


def test_same_as_the_manager_calls_it(machine, start_manager):
    install(machine, wazuh("192.0.2.1"))
    manager = start_manager(answer(reply(name="web-012")))
    assert register(machine, manager, *SAME).status == 0
    assert read(machine) == wazuh("192.0.2.1", more=identity("web-012"))


@pytest.mark.parametrize("options, text", [
    (SAME, "    <enrollment>\n    </enrollment>\n"),
    ((), identity("web-01", "192.0.2.9")),
], ids=["same", "keep"])
def test_reset_forgets_the_name(machine, manager, options, text):
    """A copy that enrolls by itself must not be called like the machine that the image was made
    of."""
    install(machine, wazuh("192.0.2.1"))
    assert register(machine, manager, *SAME, "--set", "agent.ip=192.0.2.9").status == 0
    assert read(machine) == wazuh("192.0.2.1", more=identity("web-01", "192.0.2.9"))
    for _ in range(2):
        assert machine.register("reset", "--yes", *options, trust=None).status == 0
        assert read(machine) == wazuh("192.0.2.1", more=text)


def test_reset_of_a_file_that_cannot_be_changed(machine):
    """All else is gone by then, and the remedy is said."""
    install(machine, wazuh("192.0.2.1").replace("</client>", ""))
    machine.install_key()
    result = machine.register("reset", "--yes", *SAME, trust=None)
    assert result.status == EXIT_CODES["storage-error"] and machine.read_keys() is None, result
    assert "line 3: an element is not closed" in result.failure
