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


def test_with_a_key_of_another_tool(machine, agents_conf, start_manager):
    """Who has registered it is not known, so it may be the one that the file names."""
    machine.install_key()
    agents_conf.write(wazuh_4("10.9.8.7", **OFF))
    assert "The agent " not in machine.register(manager=start_manager()).stderr
    agents_conf.write(wazuh_4())
    result = machine.register(manager=start_manager())
    assert result.status == 0 and NO_MANAGER in result.failure and OWNER in result.stderr, result
    # unconfigured, this program has nothing to do with it
    assert machine.register(trust=None, name=None).failures == []


def test_file_says_it_itself(told, agents_conf):
    """The file has both, one manager to register with and one for events: that is meant so."""
    agents_conf.write(wazuh_4("10.9.8.7", manager_address=told.manager.host, **OFF))
    expect(told())


def test_cluster(told, agents_conf):
    """Several servers, of which none has registered the agent, are no other manager."""
    agents_conf.write(wazuh_4("10.9.8.7", "10.9.8.6", **OFF))
    expect(told())
    agents_conf.write(wazuh_4("10.9.8.7", "MANAGER_IP", **OFF))
    expect(told(), ANOTHER)


def test_enrollment_that_is_meant(told, agents_conf):
    agents_conf.write(wazuh_4("127.0.0.1"))
    expect(told(settings={"agent.own_enrollment": "keep"}))


# ------------------------------------------------------------------ a key that is there


@pytest.fixture(params=["run", "check", "status"])
def told_later(machine, agents_conf, start_manager, request):
    """told_later(TEXT) has the agent's file changed after the registration, and returns what the
    command tells of it."""
    manager = start_manager()
    agents_conf.write(wazuh_4("127.0.0.1", **OFF))
    machine.registers(manager=manager)

    def run(text, **options):
        agents_conf.write(text)
        result = machine.register(request.param, **{"manager": manager, **options})
        # check finds nobody where the file of a test leads it
        assert result.status == 0 or request.param == "check", result
        lines = result.lines if request.param == "run" else result.stdout.splitlines()
        return [line for line in lines if "The agent " in line]
    return run


def test_all_is_well_later(told_later):
    assert told_later(wazuh_4("127.0.0.1", **OFF)) == []


def test_another_manager_later(told_later):
    lines = told_later(wazuh_4("10.9.8.7", **OFF))
    expect(lines, ANOTHER)
    assert "registered by 127.0.0.1" in lines[0] and "manager_address = 10.9.8.7" in lines[0]


def test_two_owners_later(told_later):
    expect(told_later(wazuh_4("127.0.0.1")), OWNER)


def test_no_manager_later(told_later):
    expect(told_later(wazuh_4("MANAGER_IP", **OFF)), NO_MANAGER)


def test_another_manager_is_inherited_later(told_later):
    """The state knows who has registered the agent, wherever that address was from."""
    lines = told_later(wazuh_4("127.0.0.2", port=1, **OFF), manager=None)
    expect(lines, ANOTHER)
    assert "registered by 127.0.0.1" in lines[0]


def test_cluster_later(told_later):
    assert told_later(wazuh_4("10.9.8.7", "10.9.8.6", **OFF)) == []
    assert told_later(wazuh_4("10.9.8.7", manager_address="127.0.0.1", **OFF)) == []
    assert told_later(wazuh_4("10.9.8.7", **OFF),
                      settings={"agent.manager_address": "10.9.8.7"}) == []


def test_agent_auth_says_what_agent_auth_says(agent_auth, start_manager):
    AgentsConf(agent_auth).write(wazuh_4())
    result = agent_auth.registers(manager=start_manager())
    assert NO_MANAGER not in result.stderr + result.stdout
