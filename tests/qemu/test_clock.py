# SPDX-License-Identifier: ISC
"""A machine whose clock is wrong when it boots, and is set later: a clock of its own, which no
container has."""
import time

import agent_machine
import message_ids

NEXT_ENTRY = "grep -m1 . <(exec timeout 100 journalctl -q -b -f -n all -o cat MESSAGE_ID={})"


def wait_for_entry(machine, message_id):
    """The text of the journal's first entry of this boot with this message id, as soon as it is
    there."""
    found = machine.run(f"bash -c '{NEXT_ENTRY.format(message_id)}'", timeout=110)
    assert found.exit_status == 0, f"no entry {message_id}"
    return found.stdout.strip()


def test_clock_is_set_after_the_boot(machine, manager, credentials):
    """The manager's certificate is not yet valid for this machine; the wait for that ends with
    the step of the clock."""
    config = credentials("web-01")
    config["agent-register.conf"] += b"[retry]\ninitial = 1 min\nmax = 10 min\n"
    machine.boot(credentials=config, firmware=["-rtc", "base=2021-06-01T00:00:00"])
    message = wait_for_entry(machine, message_ids.UNTRUSTED)
    assert "is not valid before" in message and "clock" in message
    assert machine.read(agent_machine.KEYS) == "" and manager.requests == []

    assert machine.run(f"date -s @{time.time():.0f}").exit_status == 0
    assert wait_for_entry(machine, message_ids.REGISTERED).startswith("Registered as web-01")
    assert machine.wait_until_booted() == "running"
    assert machine.show("agent-register")["NRestarts"] == "0"
    assert len(manager.requests) == len(machine.agent_starts()) == 1
