# SPDX-License-Identifier: ISC
"""Being stopped, whenever that happens: at once, with nothing left behind, and no shutdown is
held up."""
import threading
import time

import agent_machine
import pytest
import scripted_manager

# seconds: at once, on a busy machine; what would hold it up takes 20 and more
SOON = 8
OLD_KEY = f"003 web-01 any {'a' * 64}\n"
WAITING = "[retry]\nbudget = 1 h\ninitial = 1 min\n"
FORCED = "[Service]\nExecStart=\nExecStart=/usr/sbin/agent-register --force run\n"
IN_THE_BACKGROUND = "[retry]\nbudget = 0 s\ninitial = 1 min\n"


def left_behind(machine):
    return sorted(path.name for path in machine.path("/var/ossec/etc").iterdir())


@pytest.mark.parametrize("settings", [WAITING, IN_THE_BACKGROUND],
                         ids=["in the boot", "in the background"])
def test_stop_while_waiting(settings, machine):
    machine.configure(agent_machine.configuration(more=settings))
    machine.restart_soon()
    with machine.boot() as system:
        if settings == IN_THE_BACKGROUND:
            system.wait_for_restart("agent-register.service")
        system.wait_for_status("agent-register", "Waiting for attempt")
        before = time.monotonic()
        assert system.run("systemctl stop agent-register").exit_status == 0
        assert time.monotonic() - before < SOON
        unit = system.show("agent-register")
        assert (unit["ActiveState"], unit["Result"], unit["ExecMainStatus"]) == (
            "inactive",
            "success",
            "15",
        )
    assert left_behind(machine) == []


def test_stop_amid_the_answer(machine, start_manager):
    """The manager has the request and thinks; the key that is there stays what it is."""
    machine.configure()
    machine.write(agent_machine.KEYS, OLD_KEY, 0o640)
    machine.write("/etc/systemd/system/agent-register.service.d/forced.conf", FORCED)
    go_on = threading.Event()

    def think(request):
        go_on.wait(20)
        return scripted_manager.want_password(request)
    manager = start_manager(machine, answer=think)
    with machine.boot() as system:
        manager.wait_for_requests(1)
        assert left_behind(machine) == [".client.keys.new", "client.keys"]
        before = time.monotonic()
        system.run("systemctl stop agent-register")
        assert time.monotonic() - before < SOON
        assert left_behind(machine) == ["client.keys"]
        go_on.set()
        assert system.wait_until_booted() == "running"
    assert machine.read(agent_machine.KEYS) == OLD_KEY
    assert len(machine.agent_starts()) == 1


def test_shutdown_is_not_held_up(machine, start_manager):
    """Neither by a manager that thinks at first boot, nor by a wait for days in the background."""
    machine.configure()
    go_on = threading.Event()
    manager = start_manager(machine, answer=lambda request: go_on.wait(20) and None)
    with machine.boot() as system:
        manager.wait_for_requests(1)
        before = time.monotonic()
        system.shut_down()
        assert time.monotonic() - before < SOON
    go_on.set()
    manager.close()
    assert left_behind(machine) == []
    machine.configure(agent_machine.configuration(more=IN_THE_BACKGROUND))
    machine.restart_soon()
    with machine.boot() as system:
        system.wait_for_restart("agent-register.service")
        system.wait_for_status("agent-register", "Waiting for attempt")
        before = time.monotonic()
        system.shut_down()
        assert time.monotonic() - before < SOON
    assert left_behind(machine) == []
