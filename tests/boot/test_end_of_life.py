# SPDX-License-Identifier: ISC
"""agent-register-deregister.service: the agent goes with its machine, and with nothing less."""
import base64
import os

import pytest
from scripted_api_manager import CONFIG, PASSWORD, Api
from scripted_manager import KEY

UNIT = "agent-register-deregister"
SIGRTMIN = 34


def answer(request):
    """The API of a manager that has the agent."""
    if request.startswith("GET /agents/007/key "):
        line = base64.b64encode(f"007 web-01 any {KEY}".encode()).decode()
        return 200, {"data": {"affected_items": [{"id": "007", "key": line}], "failed_items": []},
                     "error": 0}
    if request.startswith("DELETE /agents?agents_list=007&"):
        return 200, {"data": {"affected_items": ["007"], "failed_items": []}, "error": 0}
    return Api.grant(request)


def removals(api):
    return [request for request in api.requests if request.startswith("DELETE ")]


@pytest.fixture(name="mortal")
def fixture_mortal(machine):
    """A machine of an autoscaling group, with a journal that outlives a boot."""
    machine.configure(CONFIG, password=PASSWORD)
    machine.enable(f"{UNIT}.service")
    machine.path("/var/log/journal").mkdir(parents=True, exist_ok=True)
    return machine


def booted(system):
    """The agent runs, and the unit is active without a process."""
    assert system.wait_until_booted() == "running"
    system.wait_for_start("wazuh-agent")
    assert (system.show(UNIT)["ActiveState"], system.show(UNIT)["SubState"]) == ("active", "exited")


def log_of_the_last_boot(system):
    return system.run(f"journalctl --sync; journalctl -q -b -1 -o cat -u {UNIT}").stdout


def test_poweroff(mortal, start_api):
    """The agent is stopped before, and the next boot registers again."""
    mortal.write("/etc/systemd/system/wazuh-agent.service.d/stop.conf",
                 "[Service]\nExecStop=/bin/sh -c 'sleep 0.3; touch /var/ossec/stopped'\n")
    stopped = []

    def watch(request):
        if request.startswith("DELETE "):
            stopped.append(mortal.path("/var/ossec/stopped").exists())
        return answer(request)
    api = start_api(mortal, answer=watch)
    with mortal.boot() as system:
        booted(system)
        assert mortal.has_key()
        assert system.run("systemctl --no-block poweroff").exit_status == 0
        system.shut_down()
    assert len(removals(api)) == 1 and stopped == [True]
    assert not mortal.has_key() and not mortal.path("/var/lib/agent-register/state").exists()

    with mortal.boot() as system:
        booted(system)
        assert "no longer has agent web-01 (id 007)" in log_of_the_last_boot(system)
    assert len([line for line in api.requests if line.startswith("POST /agents ")]) == 2


@pytest.mark.parametrize("signal", [SIGRTMIN + 3, SIGRTMIN + 4], ids=["halt", "poweroff"])
def test_what_a_hypervisor_does(signal, mortal, start_api):
    api = start_api(mortal, answer=answer)
    with mortal.boot() as system:
        booted(system)
        os.kill(system.leader, signal)
        system._wait(20)  # pylint: disable=protected-access
    assert len(removals(api)) == 1 and not mortal.has_key()


def test_reboot(mortal, start_api):
    api = start_api(mortal, answer=answer)
    with mortal.boot() as system:
        booted(system)
        system.run("systemctl --no-block reboot")
        system.wait_for_reboot()
    assert removals(api) == [] and mortal.has_key()
    with mortal.boot() as system:
        booted(system)
        assert "This machine restarts; the agent stays registered" in log_of_the_last_boot(system)


def test_stopped_by_hand_and_restarted_by_a_package(mortal, start_api):
    api = start_api(mortal, answer=answer)
    with mortal.boot() as system:
        booted(system)
        for command in ("restart", "stop", "start", "try-restart"):
            assert system.run(f"systemctl {command} {UNIT}").exit_status == 0
        lines = [entry["MESSAGE"] for entry in system.journal(_SYSTEMD_UNIT=f"{UNIT}.service")]
        assert lines == ["This machine is not being powered off; the agent stays registered"] * 3
        assert removals(api) == [] and mortal.has_key()
        assert system.show(UNIT)["ActiveState"] == "active"
        # as before, so that it counts in the end
    assert len(removals(api)) == 1 and not mortal.has_key()


def test_another_target(mortal, start_api):
    """What is stopped for it does not come back for the poweroff that follows."""
    api = start_api(mortal, answer=answer)
    mortal.write("/etc/systemd/system/little.target", "[Unit]\nAllowIsolate=yes\n")
    with mortal.boot() as system:
        booted(system)
        assert system.run("systemctl isolate little.target").exit_status == 0
        system.wait_for_property(UNIT, "ActiveState", "inactive")
    assert removals(api) == [] and mortal.has_key()


def test_not_enabled(machine, start_api):
    machine.configure(CONFIG, password=PASSWORD)
    api = start_api(machine, answer=answer)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
    assert removals(api) == [] and machine.has_key()


def test_manager_that_does_not_answer(mortal, start_api):
    """The machine goes down, in time, and keeps what it has; the log says why."""
    api = start_api(mortal, answer=answer)
    with mortal.boot() as system:
        booted(system)
        api.close()
    assert mortal.has_key()
    with mortal.boot() as system:
        system.wait_until_booted()
        assert "Connection refused" in log_of_the_last_boot(system)


def test_another_configuration(machine, start_manager, start_api):
    """A machine that registers by authd: its end has a configuration of its own."""
    machine.configure()
    machine.write("/etc/agent-register/api-password", PASSWORD + "\n", 0o600)
    machine.write("/etc/agent-register/deregister.conf",
                  CONFIG.replace("agent-register/password", "agent-register/api-password"))
    machine.write(f"/etc/systemd/system/{UNIT}.service.d/override.conf",
                  "[Service]\nEnvironment=\"DEREGISTER_OPTIONS="
                  "--config /etc/agent-register/deregister.conf\"\n")
    machine.enable(f"{UNIT}.service")
    start_manager(machine)
    api = start_api(machine, answer=answer)
    with machine.boot() as system:
        booted(system)
    assert len(removals(api)) == 1 and not machine.has_key()
