# SPDX-License-Identifier: ISC
"""What the units limit, on a kernel with all control groups, which not every container has: what
loses control of its memory is ended, what starts more and more processes gets no more, and what a
registration needs is far below."""
import base64

import message_ids
import pytest

# Each unit with what it may use: memory in MiB, and tasks.
LIMITS = {
    "agent-register": (256, 64),
    "agent-register-deregister": (256, 64),
    "agent-registrar": (1024, 8),
    "agent-registrar-keeper": (1024, 16),
}
# The unit with the program in its place, which needs nothing else to be there, and ends by itself.
RUN = """
cat >/usr/local/bin/greedy <<'END'
{program}END
chmod 755 /usr/local/bin/greedy
sed -e '/^ExecStart=/d' -e '/^\\[Service\\]/aExecStart=/usr/local/bin/greedy' \\
    -e 's/^Type=.*/Type=oneshot/' -e '/^ExecStop/d' -e '/^ExecReload/d' -e '/^Restart/d' \\
    -e '/^NotifyAccess=/d' -e '/^RemainAfterExit/d' \\
    -e '/^Before=/d' -e '/^After=/d' -e '/^Wants=/d' -e '/^Requires=/d' -e '/^PartOf=/d' \\
    -e '/^Conflicts=/d' -e '/^Condition/d' -e '/^Assert/d' -e '/^RuntimeDirectory/d' \\
    -e '/^StateDirectory/d' -e '/^LoadCredential=/d' -e '/^WatchdogSec/d' \\
    /lib/systemd/system/{unit}.service >/run/systemd/system/greedy.service
systemctl daemon-reload
before=$(journalctl -q -b -o cat -t greedy | wc -l)
systemctl start greedy
systemctl show -P Result greedy
journalctl --sync
journalctl -q -b -o cat -t greedy | tail -n +$((before + 1))
"""
# Each piece has another content: equal ones would share their memory.
MEMORY = """#!/usr/bin/perl
my @all;
push @all, chr($_ % 256) x (1 << 20) for 1 .. {mebibytes};
print "had {mebibytes} MiB\\n";
"""
TASKS = """#!/usr/bin/perl
my $count = 1;
for (1 .. 200) {
	my $child = fork;
	last unless defined $child;
	sleep if !$child;
	$count++;
}
print "had $count tasks\\n";
"""
# Printed by the unit itself when it has started.
PEAK = ("[Service]\nExecStartPost=/bin/sed 's/^/peak /' "
        "/sys/fs/cgroup/system.slice/agent-register.service/memory.peak\n")


def run_within(machine, unit, program):
    """Run the program within the unit's limits: its result for systemd, and what was printed."""
    done = machine.run(RUN.format(unit=unit, program=program), timeout=240)
    lines = done.stdout.splitlines()
    result = next(n for n, line in enumerate(lines) if line in ("success", "oom-kill", "exit-code",
                                                                "signal", "timeout"))
    return lines[result], lines[result + 1:]


def write(machine, path, content):
    encoded = base64.b64encode(content).decode()
    assert machine.run(f"echo {encoded} | base64 -d >{path}").exit_status == 0


@pytest.mark.parametrize("unit", LIMITS)
def test_limits_hold(machine, unit):
    memory, tasks = LIMITS[unit]
    machine.boot(memory=memory * 3 // 2 + 256)
    assert machine.wait_until_booted() == "running"

    nearly = memory * 7 // 8
    assert run_within(machine, unit, MEMORY.format(mebibytes=nearly)) == (
        "success", [f"had {nearly} MiB"])
    assert run_within(machine, unit, MEMORY.format(mebibytes=memory + 8)) == ("oom-kill", [])
    assert run_within(machine, unit, TASKS) == ("success", [f"had {tasks} tasks"])


def test_registration_is_far_below(machine, manager, credentials):
    """Memory that the kernel counts for the unit, libraries that it had to read included."""
    machine.boot()
    assert machine.wait_until_booted() == "running"
    machine.run("mkdir -p /run/credstore /run/systemd/system/agent-register.service.d")
    write(machine, "/run/systemd/system/agent-register.service.d/peak.conf", PEAK.encode())
    for name, content in credentials("web-01").items():
        write(machine, f"/run/credstore/{name}", content)
    done = machine.run("systemctl daemon-reload; systemctl start agent-register")
    assert done.exit_status == 0, done.stdout

    assert machine.journal(MESSAGE_ID=message_ids.REGISTERED)
    printed = [entry["MESSAGE"] for entry in machine.journal(SYSLOG_IDENTIFIER="sed")]
    peaks = [int(line.removeprefix("peak ")) for line in printed if line.startswith("peak ")]
    assert len(peaks) == 1 and peaks[0] > 0, printed
    assert peaks[0] < LIMITS["agent-register"][0] * (1 << 20) // 4, peaks
