# SPDX-License-Identifier: ISC
"""A new manager, on which nobody has run anything yet: the service says what to run, where an
administrator looks, and begins after that."""
import os
import re
import shutil

import pytest
import registrar_units


def nothing(machine):
    """No manager, and no directory."""
    assert not machine.path("/var/ossec").exists()


def directory(machine):
    """No manager, as after a removal."""
    machine.path("/var/ossec/etc").mkdir(parents=True)


def ossec(machine):
    """As OSSEC's packages leave it: no certificate, no password, an empty client.keys."""
    machine.path("/var/ossec/etc").mkdir(parents=True)
    for name in ("ossec-authd", "ossec-remoted", "ossec-analysisd"):
        machine.write(f"/var/ossec/bin/{name}", "#!/bin/sh\n", 0o550)
    machine.write("/var/ossec/etc/client.keys", "", 0o440)


@pytest.mark.parametrize("prepare,dialect", [(nothing, "wazuh"), (directory, "ossec"),
                                             (ossec, None)])
def test_first_start(machine, build, prepare, dialect):
    if not os.access(build / "agent-registrar", os.X_OK):
        pytest.skip("agent-registrar is not built")
    shutil.rmtree(machine.path("/var/ossec"))
    prepare(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        done = system.run("systemctl enable --now agent-registrar")
        seen = system.run("systemctl --no-pager --full status agent-registrar").stdout
        journal = system.run("journalctl --sync; journalctl -q -b -o cat -p err "
                             "-u agent-registrar").stdout
        assert done.exit_status != 0, done.stdout + seen
        advice = re.findall(r'run "(agent-registrar init)"', journal)
        assert advice == ["agent-registrar init"] and advice[0] in seen, seen + journal
        assert ("--dialect wazuh" in journal) == (dialect is not None), journal
        assert "No such file" not in seen + registrar_units.journal(system)
        choice = f" --dialect {dialect}" if dialect else ""
        done = system.run(advice[0] + choice)
        assert done.exit_status == 0 and "pin = sha256//" in done.stdout, done.stdout
        done = system.run("systemctl enable --now agent-registrar")
        assert done.exit_status == 0, done.stdout + registrar_units.journal(system)
        assert registrar_units.states(system) == ["active"] * 3
        assert system.run("agent-registrar add -n db-01").stdout == "001 db-01 any\n"
