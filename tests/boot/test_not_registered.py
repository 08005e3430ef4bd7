# SPDX-License-Identifier: ISC
"""Boots that end without a key: the machine comes up all the same, the agent does not, and it is
clear why."""
import agent_machine
import message_ids
import scripted_manager




def test_unconfigured_machine_is_left_alone(machine, start_manager):
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_until_inactive("agent-register")
        unit = system.show("agent-register")
        (entry,) = system.journal(SYSLOG_IDENTIFIER="agent-register")
        assert (unit["ActiveState"], unit["Result"]) == ("inactive", "success")
        assert system.show("wazuh-agent")["ActiveState"] == "active", "as its vendor meant"
        assert entry["MESSAGE_ID"] == message_ids.UNCONFIGURED

        # The administrator does what the log line says.
        machine.configure()
        start_manager(machine)
        assert "systemctl restart agent-register" in entry["MESSAGE"]
        assert system.run("systemctl restart agent-register").exit_status == 0
        system.wait_for_start("wazuh-agent", count=2)
        assert system.wait_until_booted() == "running"
        system.wait_for_exit("agent-register")
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    assert len(machine.agent_starts()) == 2


def test_starting_the_agent_registers_first(machine, start_manager):
    """`systemctl start wazuh-agent` is what an administrator types."""
    with machine.boot() as system:
        system.wait_until_booted()
        assert system.run("systemctl stop wazuh-agent").exit_status == 0
        machine.configure()
        start_manager(machine)
        assert system.run("systemctl start wazuh-agent").exit_status == 0
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    assert machine.agent_starts()[-1][-1] == f"007 web-01 any {scripted_manager.KEY}"


def test_wrong_password_does_not_hold_the_boot(machine, start_manager):
    machine.configure(password="wrong")
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        target, unit, agent = (
            system.show(name) for name in ("multi-user.target", "agent-register", "wazuh-agent")
        )
        (entry,) = system.journal(MESSAGE_ID=message_ids.REFUSED)
        status = system.run("systemctl status agent-register").stdout
        system.run("journalctl --update-catalog")
        explained = system.run(f"journalctl -q -x MESSAGE_ID={message_ids.REFUSED}").stdout

    assert target["ActiveState"] == "active"
    assert (agent["ActiveState"], agent["ConditionResult"], machine.agent_starts()) == (
        "inactive",
        "no",
        [],
    )
    assert (unit["SubState"], unit["ExecMainStatus"], unit["RestartUSec"]) == (
        "auto-restart",
        "77",
        "5s",
    )
    assert len(manager.requests) == 1
    fields = {
        "PRIORITY": "3", "OUTCOME": "refused", "AGENT_NAME": "web-01",
        "MANAGER": "manager.example:1515", "METHOD": "authd", "ATTEMPT": "1"
    }
    assert {name: entry.get(name) for name in fields} == fields
    assert "AGENT_ID" not in entry
    assert "manager.example:1515 says: Invalid password" in status
    assert "Subject: " in explained and "password" in explained
    assert not machine.has_key()


def test_refused_machine_does_not_hammer(machine, start_manager):
    """What systemd restarts after a refusal waits, and asks nobody. A person who has mended it
    gets an attempt at once."""
    machine.configure(password="wrong")
    machine.restart_soon()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_restart("agent-register.service")
        system.wait_for_status("agent-register", "Waiting for attempt 2")
        assert len(manager.requests) == 1
        assert system.run("systemctl is-system-running").stdout == "running\n"

        machine.configure()
        assert system.run("systemctl restart agent-register").exit_status == 0
        system.wait_for_start("wazuh-agent")
    assert len(manager.requests) == 2
    assert len(machine.agent_starts()) == 1


def test_agent_starts_after_the_restart_that_registers(machine, start_manager):
    """The agent was skipped by its condition; a later start of agent-register gets the key, and
    starts it."""
    machine.configure(
        agent_machine.configuration(more="[retry]\nbudget = 0 s\ninitial = 100 ms\nmax = 200 ms\n")
    )
    machine.restart_soon()
    answers = iter([scripted_manager.BUSY] * 3)
    manager = start_manager(
        machine,
        answer=lambda request: next(answers, None) or scripted_manager.want_password(request),
    )
    with machine.boot() as system:
        registered = system.wait_for_entry(MESSAGE_ID=message_ids.REGISTERED)
        system.wait_for_start("wazuh-agent")
        assert system.wait_until_booted() == "running"
        unit, agent = system.show("agent-register"), system.show("wazuh-agent")
    assert len(manager.requests) == 4
    assert registered["ATTEMPT"] == "4"
    assert int(unit["NRestarts"]) >= 1
    assert agent["ActiveState"] == "active"
    assert len(machine.agent_starts()) == 1


def test_boot_is_held_for_the_budget_only(machine, start_manager):
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 500 ms\n"))
    machine.restart_soon()
    with machine.boot() as system:
        # nobody listens, and that did not keep the boot from ending
        assert system.wait_until_booted() == "running"
        assert not machine.agent_starts()
        start_manager(machine)
        system.wait_for_start("wazuh-agent")
    assert len(machine.agent_starts()) == 1


def test_manager_that_comes_later(machine, start_manager):
    machine.configure()
    with machine.boot() as system:
        system.wait_for_entry(MESSAGE_ID=message_ids.UNREACHABLE)
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
        start_manager(machine)
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["NRestarts"] == "0"
    assert len(machine.agent_starts()) == 1


def test_network_that_comes_later(new_machine, start_manager):
    """The wait would be long; the route ends it."""
    machine = new_machine(network=False)
    machine.configure(agent_machine.configuration(more="[retry]\ninitial = 1 min\n"))
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        machine.link_up()
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["NRestarts"] == "0"
    assert len(manager.requests) == 1
    assert len(machine.agent_starts()) == 1


def test_host_name_that_comes_later(machine, start_manager):
    """The wait would be long; the host name ends it, seen from inside the sandbox."""
    machine.configure(agent_machine.configuration(more="[retry]\ninitial = 1 min\n"))
    machine.write("/etc/hostname", "localhost\n")
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        assert manager.requests == []
        assert system.run("hostname web-02").exit_status == 0
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["StatusText"] == "Registered as web-02 (id 007)"
        assert system.show("agent-register")["NRestarts"] == "0"


def test_host_name_of_the_image(machine, start_manager):
    """Every machine of the image has it, so it is waited out like none."""
    machine.configure(agent_machine.configuration(more="[retry]\ninitial = 1 min\n"))
    machine.write("/etc/hostname", "Debian\n")
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        assert manager.requests == []
        (entry,) = system.journal(MESSAGE_ID=message_ids.NOT_READY)
        assert "'Debian', a name that comes with images" in entry["MESSAGE"]
        assert "accept it by name = Debian in [agent]" in entry["MESSAGE"]
        assert system.run("hostname web-02").exit_status == 0
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["StatusText"] == "Registered as web-02 (id 007)"


def test_host_name_that_was_given_by_credential(machine, start_manager):
    """systemd passes it on to the unit, whose sandbox hides all other credentials."""
    machine.configure()
    machine.write("/etc/hostname", "debian\n")
    start_manager(machine)
    with machine.boot(credentials={"system.hostname": "debian"}) as system:
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["StatusText"] == "Registered as debian (id 007)"


def test_wrong_configuration_is_not_tried_again(machine, start_manager):
    machine.configure("[manager]\naddress = manager.example\n[tls]\npinn = x\n")
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        unit = system.show("agent-register")
        (entry,) = system.journal(MESSAGE_ID=message_ids.MISCONFIGURED)
        assert "did you mean pin?" in entry["MESSAGE"]
        assert (unit["ActiveState"], unit["ExecMainStatus"]) == ("failed", "78")

        machine.configure()
        assert system.run("systemctl start agent-register").exit_status == 0
        system.wait_for_start("wazuh-agent")
        assert system.wait_until_booted() == "running"
    assert len(manager.requests) == 1
    assert len(machine.agent_starts()) == 1


def test_agent_that_is_installed_later(new_machine, start_manager):
    """As with cloud-init, which installs packages long after it has written our configuration."""
    machine = new_machine(agent=False)
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        assert manager.requests == []
        machine.install_agent()
        assert system.run("systemctl daemon-reload; systemctl start wazuh-agent").exit_status == 0
        assert system.show("wazuh-agent")["ActiveState"] == "active"
        assert system.wait_until_booted() == "running"
    assert len(machine.agent_starts()) == 1
