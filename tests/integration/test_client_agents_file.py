# SPDX-License-Identifier: ISC
"""run and check tell what the agent's own ossec.conf makes of a key: a manager that is none, or
another one, and an agent that enrolls by itself."""
import pytest
from agents_conf import AgentsConf, wazuh_4

NO_MANAGER = "The agent will not find its manager"
ANOTHER = "The agent connects to"
OWNER = "The agent also enrolls by itself"
OFF = {"enabled": "no"}


@pytest.fixture(params=["run", "check"])
def told(machine, start_manager, request):
    """told() runs the command, and returns what it tells of the file."""
    manager = start_manager()

    def run(**options):
        result = machine.register(request.param, **{"manager": manager, **options})
        assert result.status == 0, result
        lines = result.lines if request.param == "run" else result.stdout.splitlines()
        return [line for line in lines if "The agent " in line]
    run.manager = manager
    return run


def expect(lines, *words):
    assert len(lines) == len(words) and all(
        word in line for line, word in zip(lines, words)), lines


@pytest.mark.parametrize("address", ["MANAGER_IP", "0.0.0.0", ""])
def test_placeholder(told, agents_conf, address):
    agents_conf.write(wazuh_4(address, **OFF))
    lines = told()
    expect(lines, NO_MANAGER)
    assert agents_conf.at("<address>") in lines[0] and f"'{address}'" in lines[0]
    assert "write its address there, or set_manager = yes in [agent]" in lines[0]


def test_variable(told, agents_conf):
    """Which no agent replaces in this file, and set_manager does not either."""
    agents_conf.write('<var name="M">10.9.8.7</var>' + wazuh_4("$M", **OFF))
    lines = told()
    expect(lines, NO_MANAGER)
    assert f"{agents_conf.at('<address>')} has '$M' in its place, and agents do not" in lines[0]
    assert "set_manager" not in lines[0]


def test_no_server(told, agents_conf):
    agents_conf.write("<ossec_config><client><enrollment><enabled>no</enabled></enrollment>"
                      "</client></ossec_config>")
    expect(told(), NO_MANAGER)


def test_another_manager(told, agents_conf):
    agents_conf.write(wazuh_4("10.9.8.7", **OFF))
    lines = told()
    expect(lines, ANOTHER)
    assert "10.9.8.7" in lines[0] and agents_conf.at("<address>") in lines[0]
    assert told.manager.address in lines[0]


@pytest.mark.parametrize("enrollment, told_of", [
    ({}, True), ({"enabled": "yes"}, True), ({"enabled": "no"}, False),
    ({"agent_name": "web-01"}, True),
], ids=str)
def test_two_owners(told, agents_conf, enrollment, told_of):
    agents_conf.write(wazuh_4("127.0.0.1", **enrollment))
    lines = told()
    expect(lines, *[OWNER][:told_of])
    assert not lines or "own_enrollment = off in [agent]" in lines[0]


def test_list_of_its_own(told, agents_conf):
    """For a cluster whose enrollment and events live apart."""
    agents_conf.write(wazuh_4("10.9.8.7", **OFF))
    expect(told(settings={"agent.manager_address": "10.9.8.7"}))


def test_list_of_its_own_and_yet_another(told, agents_conf):
    agents_conf.write(wazuh_4("10.9.8.7", **OFF))
    expect(told(settings={"agent.manager_address": "10.9.8.6"}), ANOTHER)


@pytest.mark.parametrize("choice", ["off", "same"])
def test_what_is_written_here(told, agents_conf, choice):
    agents_conf.write(wazuh_4())
    expect(told(settings={"agent.set_manager": "yes", "agent.own_enrollment": choice}))


def test_everything(told, agents_conf):
    agents_conf.write(wazuh_4())
    expect(told(), NO_MANAGER, OWNER)


def test_all_is_well(told, agents_conf):
    agents_conf.write(wazuh_4("10.0.0.1", "127.0.0.1", **OFF))
    expect(told())


def test_no_file(told):
    expect(told())


def test_inherited_manager(machine, agents_conf, start_manager):
    """Its events may go elsewhere: the file says so itself."""
    manager = start_manager()
    agents_conf.write(wazuh_4("10.9.8.7", manager_address=manager.host, port=manager.port, **OFF))
    machine.registers()
    assert "The agent " not in machine.register(force=True).stderr


def test_old_wazuh_does_not_enroll(told, agents_conf):
    agents_conf.write(wazuh_4("127.0.0.1"), version="3.13.6")
    expect(told())


def test_with_an_old_key(machine, agents_conf, start_manager):
    """Only what keeps the agent from working is said at each boot."""
    machine.install_key()
    agents_conf.write(wazuh_4("10.9.8.7"))
    assert "The agent " not in machine.register(manager=start_manager()).stderr
    agents_conf.write(wazuh_4())
    result = machine.register(manager=start_manager())
    assert result.status == 0 and NO_MANAGER in result.failure, result
    # unconfigured, this program has nothing to do with it
    assert machine.register(trust=None, name=None).failures == []


def test_agent_auth_says_what_agent_auth_says(agent_auth, start_manager):
    AgentsConf(agent_auth).write(wazuh_4())
    result = agent_auth.registers(manager=start_manager())
    assert NO_MANAGER not in result.stderr + result.stdout
