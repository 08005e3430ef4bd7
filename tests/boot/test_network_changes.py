# SPDX-License-Identifier: ISC
"""A network, name server or clock that is late: what the program waits for ends its wait, and
nobody types anything."""
import subprocess
import time

import agent_machine
import host_clock
import message_ids
import name_server
import nspawn
import pytest
import scripted_manager

ROUNDS = 3
IN_THE_BACKGROUND = "[retry]\nbudget = 0 s\ninitial = 1 min\n"


def with_link_down(machine):
    """Its address stays, its routes come with the link."""
    machine.link_up()
    machine.link_down()


def test_request_follows_the_route_at_once(machine, start_manager):
    """Each time that a route appears, it ends a wait of a minute; how soon is measured by
    tests/bench/route-to-request."""
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 1 h\ninitial = 1 min\n"))
    manager = start_manager(machine)
    with_link_down(machine)
    with machine.boot() as system:
        for number in range(1, ROUNDS + 1):
            system.wait_for_status("agent-register", "Waiting for attempt")
            appeared = machine.raise_link()
            manager.wait_for_requests(number)
            assert manager.times[-1] - appeared < 30  # of a wait of a minute
            system.wait_for_status("agent-register", "Registered")
            with_link_down(machine)
            machine.path(agent_machine.KEYS).unlink()
            system.run("systemctl restart --no-block agent-register")


def test_cable_that_comes_after_the_budget(machine, start_manager):
    """The boot is over, the program goes on in the background, and hears of the route there as
    well."""
    machine.configure(agent_machine.configuration(more=IN_THE_BACKGROUND))
    machine.restart_soon()
    manager = start_manager(machine)
    with_link_down(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_restart("agent-register.service")
        system.wait_for_status("agent-register", "Waiting for attempt")
        appeared = machine.raise_link()
        system.wait_for_start("wazuh-agent")
        system.wait_for_exit("agent-register")
        unit = system.show("agent-register")
    assert manager.times[0] - appeared < 30  # of a wait of a minute
    assert (unit["SubState"], unit["NRestarts"], unit["StatusText"]) == (
        "exited",
        "1",
        "Registered as web-01 (id 007)",
    )
    assert len(manager.requests) == 1
    assert len(machine.agent_starts()) == 1


def test_cable_of_a_machine_with_a_fixed_address(machine, start_manager):
    """Address and route are there from the start, and nothing but the carrier changes."""
    machine.configure(agent_machine.configuration(more="[retry]\ninitial = 1 min\n"))
    manager = start_manager(machine)
    machine.cable("down")
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        plugged = time.monotonic()
        machine.cable("up")
        assert system.wait_until_booted() == "running"
    assert manager.times[0] - plugged < 30  # of a wait of a minute
    assert len(manager.requests) == 1
    assert len(machine.agent_starts()) == 1


def test_address_that_comes_later(new_machine, start_manager):
    """The link is there, DHCP is slow."""
    machine = new_machine(network=False)
    machine.configure(agent_machine.configuration(more="[retry]\ninitial = 1 min\n"))
    subprocess.run(machine.enter("ip", "-n", "machine", "link", "set", "host0", "up"), check=True)
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        subprocess.run(
            machine.enter("ip", "-n", "machine", "address", "add", f"{nspawn.MACHINE_ADDRESS}/24",
                          "dev", "host0"),
            check=True,
        )
        assert system.wait_until_booted() == "running"
    assert len(manager.requests) == 1
    assert len(machine.agent_starts()) == 1


def test_network_that_flaps_does_not_make_it_hammer(machine):
    """Fifty addresses that come cost ten attempts, and the next ones a wait."""
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 1 h\ninitial = 1 min\n"))
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        for number in range(50):
            flap = [
                f"address {verb} 198.51.100.{number + 1}/32 dev host0" for verb in ("add", "del")
            ]
            subprocess.run(machine.enter("ip", "-n", "machine", "-batch", "-"),
                           input="\n".join(flap), text=True, check=True)
        system.wait_for_status("agent-register", "Waiting for attempt")
        attempts = int(system.run("sed -n s/^attempts=//p /var/lib/agent-register/state").stdout)
        lines = [entry["MESSAGE"] for entry in system.journal(SYSLOG_IDENTIFIER="agent-register")]
    assert 2 <= attempts <= 13, attempts  # 1, 10 tokens, and what time gave back
    assert len(lines) <= 3, lines


def test_network_online_target_is_not_waited_for(machine, start_manager):
    machine.write(
        "/etc/systemd/system/wait-online.service",
        "[Unit]\nDefaultDependencies=no\nBefore=network-online.target\n[Service]\nType=oneshot\n"
        "ExecStart=/bin/sh -c 'read x </run/online'\nExecStartPre=mkfifo /run/online\n"
        "[Install]\nWantedBy=network-online.target\n",
    )
    machine.enable("wait-online.service")
    machine.configure()
    start_manager(machine)
    with machine.boot() as system:
        system.wait_for_entry(MESSAGE_ID=message_ids.REGISTERED)
        assert system.show("network-online.target")["ActiveState"] == "inactive"
        # ... because somebody waits for it
        assert system.show("wait-online")["ActiveState"] == "activating"
        assert not machine.agent_starts()  # the agent itself does, in its own unit
        system.run("echo now >/run/online")
        system.wait_for_start("wazuh-agent")
        order = system.run("systemctl show -P After agent-register").stdout
    assert "network-online.target" not in order


@pytest.mark.parametrize("budget, restarts", [("1 h", "0"), ("0 s", "1")],
                         ids=["in the boot", "in the background"])
def test_name_server_that_answers_later(budget, restarts, machine, start_manager):
    """First silence, then failures, then the address."""
    machine.configure(
        agent_machine.configuration(
            more=f"[retry]\nbudget = {budget}\ninitial = 100 ms\nmax = 200 ms\n"
        )
    )
    machine.restart_soon()
    name_server.use_dns(machine)
    manager = start_manager(machine)
    with name_server.NameServer(machine) as server, machine.boot() as system:
        unresolved = system.wait_for_entry(MESSAGE_ID=message_ids.UNREACHABLE)
        assert "Cannot resolve manager.example" in unresolved["MESSAGE"]
        server.mood = server.FAILING
        server.wait_for_question()
        server.mood = server.ANSWERING
        system.wait_for_start("wazuh-agent")
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["NRestarts"] == restarts
    assert len(manager.requests) == 1
    assert len(machine.agent_starts()) == 1


# ------------------------------------------------------------------ the clock

def wait_for_refused_certificate(system, count):
    """Until the log says so for the `count`th time; returns when: CLOCK_MONOTONIC."""
    refused = system.wait_for_entry(MESSAGE_ID=message_ids.UNTRUSTED, count=count)
    assert "is not valid before" in refused["MESSAGE"] and "clock" in refused["MESSAGE"]
    return int(refused["__MONOTONIC_TIMESTAMP"]) / 1e6


def test_certificate_that_is_not_valid_yet(machine, start_manager, certificates, tmp_path):
    """A clock that is behind. The wait is long, 30 times `initial`, but a clock that is set ends
    it. The machine shares this host's clock, so nobody changes it here: the manager gets a
    certificate that is valid, and the clock is set to what it is. (One test, because what one does
    to the clock, the other would notice.)"""
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 1 h\ninitial = 50 ms\n"))
    later = scripted_manager.make_later_certificate(certificates, tmp_path)
    with machine.boot() as system:
        with start_manager(machine, certificate=later):
            refused_at = wait_for_refused_certificate(system, 1)
        with start_manager(machine) as manager:
            system.wait_for_start("wazuh-agent")
            assert manager.times[0] - refused_at > 30 * 0.05
        assert len(manager.requests) == 1

        machine.path(agent_machine.KEYS).unlink()
        machine.configure(
            agent_machine.configuration(more="[retry]\nbudget = 1 h\ninitial = 10 s\n")
        )
        with start_manager(machine, certificate=later):
            system.run("systemctl restart --no-block agent-register")
            wait_for_refused_certificate(system, 2)
            system.wait_for_status("agent-register", "Waiting for attempt")
        manager = start_manager(machine)
        try:
            host_clock.set_to_what_it_is()
        except OSError as error:
            pytest.skip(f"setting the clock: {error}")
        set_at = time.monotonic()
        manager.wait_for_requests(1)
        assert manager.times[0] - set_at < 60  # of a wait of five minutes
        system.wait_for_status("agent-register", "Registered")
        # the start by hand had ended, because nothing was due soon, and went on in the background
        assert system.show("agent-register")["NRestarts"] == "1"
