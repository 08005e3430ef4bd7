# SPDX-License-Identifier: ISC
"""The installed units: what systemd says of them, and the sandbox they run in."""
import re

import agent_machine
import message_ids
import scripted_manager

EXPOSURE_MAX = 2.5


def test_systemd_finds_no_fault(machine):
    with machine.boot() as system:
        system.wait_until_booted()
        units = system.run("cd /usr/lib/systemd/system && ls -d agent-regist*").stdout.split()
        verdict = system.run(f"systemd-analyze verify --man=yes {' '.join(units)} wazuh-agent.service")
        drop_ins = system.show("wazuh-agent")["DropInPaths"]
        warnings = system.run("journalctl -q -b -p warning -o cat _PID=1 + _COMM=systemd | grep -i agent").stdout
    assert "agent-register.service" in units
    assert verdict.exit_status == 0
    assert [line for line in verdict.stdout.splitlines() if "agent-regist" in line or "wazuh" in line] == []
    assert drop_ins.endswith("/wazuh-agent.service.d/agent-register.conf")
    assert warnings == ""


def test_sandbox_is_tight(machine, record_property):
    with machine.boot() as system:
        analysis = system.run("systemd-analyze security --offline=yes --no-pager "
                              "/usr/lib/systemd/system/agent-register.service").stdout
    exposure = float(re.search(r"Overall exposure level for agent-register.service: ([\d.]+)", analysis).group(1))
    record_property("exposure", exposure)
    print(analysis)
    assert exposure <= EXPOSURE_MAX
