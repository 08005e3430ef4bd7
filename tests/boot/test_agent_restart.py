# SPDX-License-Identifier: ISC
"""An agent that runs without its key does not notice that there is one: it is restarted then,
and only then."""
import agent_machine
import message_ids
import nspawn
import scripted_manager

NEW_KEY = "e" * 64


def starts_of_agent(system):
    return len(system.journal(UNIT="wazuh-agent.service", MESSAGE_ID=nspawn.UNIT_STARTING))


def test_running_agent_is_restarted_after_a_new_key(machine, start_manager):
    machine.configure()
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        machine.path(agent_machine.KEYS).unlink()
        system.run("systemctl restart agent-register")
        system.wait_for_entry(UNIT="wazuh-agent.service", MESSAGE_ID=nspawn.UNIT_STARTING, count=2)
        assert (
            system.run(
                "systemctl is-active --wait wazuh-agent; systemctl start wazuh-agent"
            ).exit_status
            == 0
        )
        said = system.journal(SYSLOG_IDENTIFIER="agent-register", PRIORITY="6")
    assert any("Restarting wazuh-agent.service" in entry["MESSAGE"] for entry in said)
    assert len(machine.agent_starts()) == 2


def test_agent_with_its_key_is_left_alone(machine, start_manager):
    """Neither a start that finds the key, nor one that fails, nor the first start of a boot
    restarts anything."""
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        for _ in range(2):
            assert system.run("systemctl restart agent-register").exit_status == 0
        assert system.run("agent-register").exit_status == 0
        manager.close()
        assert system.run("agent-register --force --set retry.budget=0").exit_status == 75
        machine.path(agent_machine.KEYS).rename(machine.path("/var/ossec/moved"))
        machine.configure(agent_machine.configuration(more="[retry]\nbudget = 0 s\n"))
        assert system.run("systemctl restart agent-register").exit_status != 0
        machine.path("/var/ossec/moved").rename(machine.path(agent_machine.KEYS))
        assert system.run("systemctl restart agent-register").exit_status == 0
        system.journal(MESSAGE_ID=message_ids.ALREADY_REGISTERED)
        assert starts_of_agent(system) == 1
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    assert len(machine.agent_starts()) == 1


def test_forced_registration_by_hand_restarts_the_agent(machine, start_manager):
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        manager.answer = lambda request: scripted_manager.want_password(request).replace(
            scripted_manager.KEY, NEW_KEY
        )
        assert system.run("agent-register --force").exit_status == 0
        system.wait_for_entry(UNIT="wazuh-agent.service", MESSAGE_ID=nspawn.UNIT_STARTING, count=2)
        system.run("systemctl start wazuh-agent")
    assert [start[-1].split()[-1] for start in machine.agent_starts()] == [
        scripted_manager.KEY,
        NEW_KEY,
    ]
    assert machine.read(agent_machine.KEYS + ".old") == f"007 web-01 any {scripted_manager.KEY}\n"


def test_agent_that_was_stopped_meanwhile_is_not_started_by_the_new_key(machine, start_manager):
    """TryRestartUnit: what does not run is not started by hand-made runs."""
    machine.configure()
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.run("systemctl stop wazuh-agent")
        assert system.run("agent-register --force").exit_status == 0
        assert starts_of_agent(system) == 1
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
    assert len(machine.agent_starts()) == 1


# In place of the real one: looks at the agents only when somebody has stopped this one.
LATE_SYSTEMCTL = """\
#!/bin/sh
case "$*" in
*UnitFileState*) until [ -e /run/agent-was-stopped ]; do sleep 0.05; done ;;
esac
exec /usr/bin/systemctl "$@"
"""


def test_agent_that_is_stopped_behind_the_registration_stays_so(machine, start_manager):
    """READY=1 has let it go, so whoever stops it then has the last word; agent-register is still
    about to look for agents that nobody starts."""
    machine.configure()
    start_manager(machine)
    machine.write("/usr/local/lib/late/systemctl", LATE_SYSTEMCTL, 0o755)
    machine.write("/etc/systemd/system/agent-register.service.d/late.conf",
                  "[Service]\nEnvironment=PATH=/usr/local/lib/late:/usr/bin:/bin\n")
    machine.write("/etc/systemd/system/stop-agent.service",
                  "[Unit]\nAfter=wazuh-agent.service\n"
                  "[Service]\nType=oneshot\nExecStart=systemctl stop wazuh-agent\n"
                  "ExecStart=touch /run/agent-was-stopped\n"
                  "[Install]\nWantedBy=multi-user.target\n")
    machine.enable("stop-agent.service")
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_exit("agent-register")
        assert starts_of_agent(system) == 1
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
    assert len(machine.agent_starts()) == 1
