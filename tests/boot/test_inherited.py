# SPDX-License-Identifier: ISC
"""An image that its packages' variables have configured: the agent's own ossec.conf says all but
whom to trust."""
import os

import agent_conf
import agent_machine
import message_ids
import nspawn
import pytest
import scripted_manager

CONF = "/var/ossec/etc/ossec.conf"
ONE_LINE = "[tls]\nca_file = /etc/agent-register/ca.pem\n"

# What register_configure_agent.sh of Wazuh 4 makes of WAZUH_MANAGER, WAZUH_REGISTRATION_SERVER,
# WAZUH_AGENT_NAME and WAZUH_AGENT_GROUP.
CONFIGURED = """\
<ossec_config>
  <client>
    <server>
      <address>{manager}</address>
      <port>1514</port>
      <protocol>tcp</protocol>
    </server>
    <config-profile>debian, debian12</config-profile>
    <notify_time>10</notify_time>
    <time-reconnect>60</time-reconnect>
    <auto_restart>yes</auto_restart>
    <crypto_method>aes</crypto_method>
    <enrollment>
      <enabled>no</enabled>
      <manager_address>{registration}</manager_address>
      <agent_name>db-07</agent_name>
      <groups>db</groups>
      <authorization_pass_path>etc/authd.pass</authorization_pass_path>
    </enrollment>
  </client>
</ossec_config>
"""


@pytest.fixture(name="image")
def fixture_image(machine):
    """An image with such an agent, and nothing of ours yet."""
    machine.configure("")
    machine.write("/var/ossec/VERSION.json", '{"version": "4.14.7"}\n')
    machine.write(CONF, CONFIGURED.format(manager="manager.example",
                                          registration="manager.example"), 0o660)
    machine.write("/var/ossec/etc/authd.pass", scripted_manager.PASSWORD + "\n", 0o640)
    return machine


def test_one_line_of_trust(image, start_manager):
    image.configure(ONE_LINE)
    manager = start_manager(image)
    with image.boot() as system:
        assert system.wait_until_booted() == "running"
        agent = system.show("wazuh-agent")
        shown = system.run("agent-register config").stdout
        problems = system.run("journalctl -q -b -p notice -o cat -t agent-register").stdout

    assert manager.requests == [
        f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'db-07' G:'db'"]
    assert agent["ActiveState"] == "active"
    assert [start[-1] for start in image.agent_starts()] == [
        f"007 db-07 any {scripted_manager.KEY}"]
    assert f"; {CONF}:16" in next(
        line for line in shown.splitlines() if line.startswith("name = db-07"))
    assert problems == ""


# What the variables of each package, or OSSEC's installer, have written, in the place of the
# placeholder.
NAMED = {"ossec": nspawn.MANAGER_ADDRESS, "wazuh 3": "manager.example",
         "wazuh 4": "manager.example", "wazuh 5": "manager.example"}


@pytest.mark.parametrize("name", NAMED)
def test_one_line_of_trust_for_each_agent(name, machine, start_manager, start_wazuh5):
    """The manager that its own file names is asked, in the way in which it registers agents."""
    agent = agent_conf.IMAGES[name]
    agent.install(machine, agent_machine.AGENT_GROUP)
    machine.configure(ONE_LINE)
    machine.write(CONF, agent.file(NAMED[name]), agent.mode)
    before = machine.read(CONF)
    if name == "wazuh 5":
        manager = start_wazuh5(machine)
    else:
        manager = start_manager(machine, answer=scripted_manager.issue)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.show(agent.unit)["ActiveState"] == "active"
    if name == "wazuh 5":
        assert [request.members["name"] for request in manager.enrollments] == ["web-01"]
        assert agent_conf.managers(machine) == ["https://manager.example:1517"]
    else:
        assert manager.requests == ["OSSEC A:'web-01'"]
        assert agent_conf.managers(machine) == [NAMED[name]]
    assert " web-01 any " in machine.read(agent_machine.KEYS) and machine.read(CONF) == before


def test_without_a_file_of_ours(image, start_manager):
    """As shipped, which says nothing: the unit stops itself, and the agent waits for a key."""
    manager = start_manager(image)
    with image.boot() as system:
        system.wait_until_booted()
        system.wait_until_inactive("agent-register")
        assert len(system.journal(MESSAGE_ID=message_ids.UNCONFIGURED)) == 1
        # once there is a line, a start registers
        image.configure(ONE_LINE)
        assert system.run("systemctl start agent-register").exit_status == 0
    assert len(manager.requests) == 1
    assert image.read(agent_machine.KEYS).startswith("007 db-07 ")


def test_without_trust(image, start_manager):
    """Nothing is asked, and the log says what is missing."""
    image.configure("[retry]\nsplay = 0 s\n")
    manager = start_manager(image)
    with image.boot() as system:
        system.wait_until_booted()
        unit = system.show("agent-register")
        said = system.run("journalctl -q -b -o cat -t agent-register").stdout
    assert (unit["ActiveState"], unit["ExecMainStatus"]) == ("failed", "78")
    assert "No way to verify the manager is configured" in said
    assert manager.requests == [] and not image.has_key()


def test_golden_image(image, start_manager):
    """The agent's file has its placeholder: who registers is told that the agent needs more."""
    image.write(CONF, CONFIGURED.format(manager="MANAGER_IP", registration="MANAGER_IP"), 0o660)
    image.configure(agent_machine.configuration())
    manager = start_manager(image)
    with image.boot() as system:
        system.wait_until_booted()
        system.wait_for_exit("agent-register")
        said = system.run("journalctl -q -b -p warning -o cat -t agent-register").stdout
    assert len(manager.requests) == 1
    assert f"The agent will not find its manager: {CONF}:4 has 'MANAGER_IP'" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("path", ["/etc/shadow", "etc/../../../etc/shadow", "etc/link"])
def test_hostile_password(image, start_manager, path):
    """What the agent's group may write into its file; etc/link is a link of its own making."""
    image.configure(ONE_LINE)
    image.write(CONF, image.read(CONF).replace("etc/authd.pass", path), 0o660)
    etc = image.path("/var/ossec/etc")
    (etc / "link").symlink_to("/etc/shadow")
    for name in (etc, etc / "link"):
        os.lchown(name, 0, agent_machine.AGENT_GROUP)
    manager = start_manager(image)
    with image.boot() as system:
        system.wait_until_booted()
        unit = system.show("agent-register")
        said = system.run("journalctl -q -b -o cat -t agent-register").stdout
    assert (unit["ActiveState"], unit["ExecMainStatus"]) == ("failed", "78"), said
    assert f"(from {CONF}:18; set password_file in [auth]" in said
    assert manager.requests == []
