# SPDX-License-Identifier: ISC
"""method = api and deregister against agent-registrar's API: what one side stores is what the
other one keeps."""
import os

import pytest
from api_tools import PASSWORD, USER, serving
from machine import EXIT_CODES
from registrar_tools import PROGRAM, CutWire
from scripted_api import needs_module

pytestmark = [needs_module,
              pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")]


@pytest.fixture
def start_registrar(directory, certificates):
    """Start a registrar with an API: start_registrar(OPTION...) in a with statement."""
    certificate, key = certificates.pair("good")

    def start(*arguments, **options):
        for group in ("web", "db"):
            (directory / "etc" / "shared" / group).mkdir(parents=True, exist_ok=True)
        return serving(directory, "-x", certificate, "-k", key, *arguments, **options)
    return start


def api_of(registrar, machine, password=PASSWORD, **more):
    return {"manager": f"127.0.0.1:{registrar.api_port}",
            "settings": {"manager.method": "api", "auth.api_user": USER, **more,
                         "auth.api_password_file": machine.password(password, "api-password")}}


def agents(registrar):
    """The registrar's agents: id, name, address and key of each."""
    return [" ".join(line) + "\n" for line in registrar.keys()]


def test_register_and_deregister(machine, start_registrar):
    with start_registrar() as registrar:
        result = machine.register(**api_of(registrar, machine, **{"agent.groups": "web,db"}))
        assert result.status == 0 and result.failures == [], result
        assert [machine.read_keys().decode()] == agents(registrar)
        assert machine.register(**api_of(registrar, machine)).status == 0
        assert len(registrar.keys()) == 1
        gone = machine.register("deregister", "--yes", name=None, **api_of(registrar, machine))
        assert gone.status == 0 and gone.failures == [], gone
        assert machine.read_keys() is None
        again = machine.register(**api_of(registrar, machine))
        assert again.status == 0 and again.failures == [], again
        assert machine.read_keys().decode() in agents(registrar)


def test_address(machine, start_registrar):
    with start_registrar() as registrar:
        result = machine.register(**api_of(registrar, machine, **{"agent.ip": "10.1.0.0/16"}))
        assert result.status == 0, result
        assert machine.read_keys().decode().split()[2] == "10.1.0.0/16", result


def test_a_group_that_does_not_exist(machine, start_registrar):
    with start_registrar() as registrar:
        result = machine.register(**api_of(registrar, machine, **{"agent.groups": "web,nobody"}))
        assert result.status == 0 and "not added to the group nobody" in result.failure, result
        assert "1710" in result.failure, result
        assert [machine.read_keys().decode()] == agents(registrar)


def test_wrong_password_and_lock_out(machine, start_registrar):
    with start_registrar("--api-max-login-attempts", "2") as registrar:
        for _ in range(2):
            machine.fails("refused", "Invalid credentials", "api_password_file, is wrong",
                          **api_of(registrar, machine, "wrong-Password"))
        machine.fails("refused", "HTTP status 403", "blocks an address",
                      **api_of(registrar, machine))


def test_rate_limit(machine, start_registrar):
    with start_registrar("--api-max-requests", "2") as registrar:
        assert machine.register(**api_of(registrar, machine)).status == 0
        machine.fails("busy", "HTTP status 429", force=True, **api_of(registrar, machine))


def test_name_that_is_taken(machine, start_registrar):
    with start_registrar() as registrar:
        assert machine.register(**api_of(registrar, machine)).status == 0
        machine.fails("duplicate", "error 1705", force=True, **api_of(registrar, machine))
        assert [machine.read_keys().decode()] == agents(registrar)


def test_replace(machine, start_registrar):
    with start_registrar() as registrar:
        assert machine.register(**api_of(registrar, machine)).status == 0
        before = machine.read_keys().decode()
        result = machine.register(
            force=True, **api_of(registrar, machine, **{"identity.on_duplicate": "replace"})
        )
        assert result.status == 0 and result.failures == [], result
        assert machine.read_keys().decode() != before
        assert agents(registrar)[-1] == machine.read_keys().decode()


def test_deregister_of_another_agent_with_our_id(machine, start_registrar):
    with start_registrar() as registrar:
        assert machine.register(name="db-01", **api_of(registrar, machine)).status == 0
        number = machine.read_keys().decode().split()[0]
        machine.install_key(f"{number} web-01 any {'c' * 64}\n")
        before = machine.snapshot()
        result = machine.register("deregister", "--yes", name=None, **api_of(registrar, machine))
        assert result.status == EXIT_CODES["refused"] and "db-01" in result.failure, result
        assert machine.snapshot() == before and len(registrar.keys()) == 1


def test_lost_answer(machine, start_registrar):
    """The registrar has made the agent, the machine has not heard of it: the key is fetched, and
    no second agent made."""
    with start_registrar() as registrar:
        wire = CutWire(registrar, registrar.api_port)
        settings = {**api_of(registrar, machine), "manager": wire.address}
        lost = machine.register(**settings)
        assert lost.status == EXIT_CODES["busy"], lost
        assert lost.state["unanswered"].split()[1] == "web-01", lost
        assert machine.read_keys() is None and len(registrar.keys()) == 1
        wire.whole = True
        result = machine.register(**settings)
        wire.close()
        assert result.status == 0 and result.failures == [], result
        assert [machine.read_keys().decode()] == agents(registrar)
