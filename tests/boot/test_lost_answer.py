# SPDX-License-Identifier: ISC
"""The answer that did not arrive: the manager has registered a machine that knows nothing of it."""
import re
import threading

import agent_machine
import message_ids
import pytest
import scripted_manager


@pytest.mark.parametrize("policy, name",
                         [("wait", None), ("suffix", r"web-01-[0-9a-f]{8}"), ("fail", None)])
def test_answer_lost_in_a_power_cut(policy, name, machine, start_manager):
    """The manager registers, the machine loses power before it hears of it, and boots again (as
    Wazuh's)."""
    machine.configure(agent_machine.configuration(more=f"[identity]\non_duplicate = {policy}\n"))
    machine.restart_soon()
    go_on, taken = threading.Event(), set()

    def register(request):
        asked = request.rpartition(" A:")[2].strip("'")
        if asked in taken:
            return f"ERROR: Duplicate agent name: {asked}\n\n"
        taken.add(asked)
        if len(taken) == 1:
            go_on.wait(20)
        return scripted_manager.issue(request)
    manager = start_manager(machine, answer=register)
    with machine.boot() as system:
        manager.wait_for_requests(1)
        system.cut_power()
    go_on.set()
    assert not machine.has_key()
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        if not name:
            system.wait_for_status("agent-register", "Waiting for attempt 3")
        text = system.show("agent-register")["StatusText"]
        statuses = system.run(
            "journalctl --sync; journalctl -q -u agent-register -o cat -g 'Main process "
            "exited|Deactivated'"
        ).stdout
        duplicate = system.journal(MESSAGE_ID=message_ids.DUPLICATE)[0]["MESSAGE"]
    assert "probably this machine's own: the answer to its request was lost" in duplicate
    assert "Duplicate agent name: web-01" in duplicate
    if name:
        assert re.fullmatch(rf"Registered as {name} \(id 007\)", text)
    else:
        # the manager's reason, for as long as it is waited for
        assert "Duplicate agent name: web-01" in text
        assert f"status={75 if policy == 'wait' else 77}" in statuses
    assert len(manager.requests) == (3 if name else 2)
    if name:
        (start,) = machine.agent_starts()
        assert re.fullmatch(name, start[-1].split()[1])
    else:
        assert not machine.has_key()


def test_answer_lost_with_a_manager_that_renames(machine, start_manager):
    """OSSEC's: the second request succeeds, under another name; the log says why that may be."""
    machine.configure()
    answers = iter([None])
    manager = start_manager(
        machine,
        answer=lambda request: next(answers,
                                    scripted_manager.issue(request).replace("web-01", "web-012")),
    )
    machine.write(agent_machine.CONFIG,
                  agent_machine.configuration(more="[retry]\ninitial = 10 ms\nmax = 20 ms\n"))
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        (renamed,) = system.journal(MESSAGE_ID=message_ids.RENAMED)
    assert "perhaps by an earlier request whose response was lost" in renamed["MESSAGE"]
    assert len(manager.requests) == 2
    assert machine.agent_starts()[0][-1] == f"007 web-012 any {scripted_manager.KEY}"
