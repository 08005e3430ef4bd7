# SPDX-License-Identifier: ISC
"""What the process that talks to the manager can do, tried on Debian's own kernel."""
import pytest

# The unit with the test in the place of the program.
UNIT = """
sed -e 's|^ExecStart=.*|ExecStart=/usr/local/bin/test-confine|' -e 's/^Type=.*/Type=oneshot/' \\
    -e '/^Restart/d' -e '/^NotifyAccess=/d' -e '/^Before=/d' -e '/^RemainAfterExit=/d' \\
    -e '/^RuntimeDirectory/d' -e '/^StateDirectory=/d' -e '/^LoadCredential=/d' \\
    -e '/^\\[Service\\]/aEnvironment=CMOCKA_MESSAGE_OUTPUT=TAP' \\
    /lib/systemd/system/agent-register.service >/run/systemd/system/test-confine.service
systemctl daemon-reload
systemctl start test-confine
status=$?
journalctl --sync
journalctl -q -b -o cat -u test-confine
exit $status
"""
ALONE = "CMOCKA_MESSAGE_OUTPUT=TAP test-confine"


@pytest.mark.parametrize("how", [ALONE, UNIT], ids=["as root", "in the unit"])
def test_forbidden(machine, how):
    """Reading /etc/shadow, writing client.keys, asking systemd and the bus, signalling a process
    of root, listening, executing, and more: all fail, and nothing is skipped."""
    machine.boot()
    assert machine.wait_until_booted() == "running"
    machine.run("echo '001 web-01 any key' >/var/ossec/etc/client.keys")
    done = machine.run(how)
    lines = done.stdout.splitlines()
    assert done.exit_status == 0, done.stdout
    assert [line for line in lines if line.startswith("ok ")], done.stdout
    assert not [line for line in lines if "not ok" in line or "SKIP" in line.upper()], lines
    assert "missing here" not in done.stdout, done.stdout
