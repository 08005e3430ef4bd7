# SPDX-License-Identifier: ISC
"""agent-register-deregister.service: the agent goes with its machine, and with nothing less."""
import os

import agent_conf
import agent_machine
import end_of_life
import manual
import pytest
from end_of_life import UNIT, answer, booted, log_of_the_last_boot, removals
from scripted_api_manager import CONFIG, PASSWORD

SIGRTMIN = 34


@pytest.fixture(name="mortal")
def fixture_mortal(machine):
    """A machine of an autoscaling group."""
    machine.configure(CONFIG, password=PASSWORD)
    end_of_life.enable(machine)
    return machine


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
    assert len(end_of_life.registrations(api)) == 2


def test_name_for_enrolling_goes_as_well(mortal, start_api):
    """With own_enrollment = same, nothing that is started later enrolls as what is gone."""
    agent_conf.IMAGES["wazuh 4"].install(mortal, agent_machine.AGENT_GROUP)
    mortal.configure(CONFIG + "set_manager = yes\nown_enrollment = same\n", password=PASSWORD)
    api = start_api(mortal, answer=answer)
    conf = mortal.path(agent_conf.CONF)
    before = conf.stat()
    with mortal.boot() as system:
        booted(system)
        assert "<agent_name>web-01</agent_name>" in conf.read_text(encoding="utf-8")
    assert len(removals(api)) == 1 and not mortal.has_key()
    assert "agent_name" not in conf.read_text(encoding="utf-8")
    after = conf.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid,
                                                           before.st_gid)


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


# systemctl kexec wants a kernel, and soft-reboot.target is there since systemd 254. Their jobs are
# queued as they are at the end of a machine; what is done then is a reboot.
STAND_IN = """\
[Unit]
DefaultDependencies=no
Requires=shutdown.target umount.target final.target
After=shutdown.target umount.target final.target
[Service]
Type=oneshot
ExecStart=systemctl --force reboot
"""


@pytest.mark.parametrize("target", ["kexec.target", "soft-reboot.target"])
def test_other_ways_to_start_again(target, mortal, start_api):
    mortal.write("/etc/systemd/system/stand-in.service", STAND_IN)
    mortal.write(f"/etc/systemd/system/{target}",
                 "[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\n"
                 "Requires=stand-in.service\nAfter=stand-in.service\n")
    api = start_api(mortal, answer=answer)
    with mortal.boot() as system:
        booted(system)
        system.run(f"systemctl --no-block --job-mode=replace-irreversibly start {target}")
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
    """A machine that registers by authd: its end has a configuration of its own, as the manual
    says."""
    machine.configure()
    machine.write("/etc/agent-register/api-password", PASSWORD + "\n", 0o600)
    machine.write("/etc/agent-register/deregister.conf",
                  CONFIG.replace("agent-register/password", "agent-register/api-password"))
    manual.Example("agent-register.8", "DEREGISTER_OPTIONS").write_drop_ins(machine)
    machine.enable(f"{UNIT}.service")
    start_manager(machine)
    api = start_api(machine, answer=answer)
    with machine.boot() as system:
        booted(system)
    assert len(removals(api)) == 1 and not machine.has_key()
