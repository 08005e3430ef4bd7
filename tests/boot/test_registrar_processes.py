# SPDX-License-Identifier: ISC
"""What the registrar's two processes may do, and who may speak with the keeper. And the way back to
one unit, as the manual has it."""
import re

import manual
import many_agents
import registrar_units
from registrar_units import FRONT, KEEPER

SOCKET_PATH = "/run/agent-registrar/keeper.sock"
KEYS = "/var/ossec/etc/client.keys"


def status(system, process):
    """What /proc says of a process: its fields."""
    text = system.run(f"cat /proc/{process}/status").stdout
    return dict(re.findall(r"(?m)^(\w+):\s*(.*)$", text))


def descriptors(system, process):
    return system.run(f"cd /proc/{process}/fd && for fd in *; do readlink $fd; done").stdout.split()


def check_front(system, front, user):
    """The process that speaks with the network has no rights, and no file that is open."""
    shown = status(system, front)
    assert shown["Uid"].split() == [user] * 4 and set(shown["Gid"].split()) == {user}
    assert shown["Groups"].split() in ([], [user])
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(shown[name], 16) == 0, name
    assert shown["NoNewPrivs"] == "1" and shown["Seccomp"] == "2"
    opened = descriptors(system, front)
    assert any(name.startswith("socket:") for name in opened)
    assert [name for name in opened if name.startswith("/") and name != "/dev/null"] == []


def test_the_front_has_no_rights(registrar):
    with registrar.boot() as system:
        registrar_units.start(system, "--api-port 55000")
        with many_agents.ManyAgents(registrar) as agents:
            agents.wait_for_keys(10)
            front = registrar_units.process(system, FRONT)
            check_front(system, front, system.run("id -u agent-registrar").stdout.strip())
            assert int(status(system, front)["CapBnd"], 16) == 0
    assert agents.failures == {}


# Beside ExecStart=, in the same sandbox. What could be done is written to the journal.
TRY_FRONT = r"""#!/bin/bash
id -un
cd /
for file in /var/ossec /var/ossec/etc/client.keys /var/ossec/etc/api.users \
	/etc/agent-registrar.key /etc/shadow /root /home; do
	{ [ -d $file ] && ls $file || cat $file; } >/dev/null 2>&1 && echo "reads $file"
done
for place in /etc /usr /boot /opt /root /home /var /var/lib /var/ossec /run /run/lock \
	/run/agent-registrar /dev /sys /proc; do
	touch $place/written 2>/dev/null && echo "writes $place"
done
for file in /proc/locks /proc/kallsyms /proc/sys/kernel/hostname; do
	cat $file >/dev/null 2>&1 && echo "reads $file"
done
unshare --user true 2>/dev/null && echo "makes namespaces"
echo tried
"""
TRY_KEEPER = r"""#!/bin/bash
id -un
for place in /etc /usr /boot /opt /root /home /var /var/lib /var/ossec /var/ossec/etc \
	/var/ossec/queue /run /run/lock /run/agent-registrar /dev /sys; do
	touch $place/written 2>/dev/null && echo "writes $place"
done
for address in tcp/127.0.0.1/22 udp/192.0.2.1/53; do
	(echo >/dev/$address) 2>&1 | grep -q 'Address family not supported' || echo "has $address"
done
sed -n 's/^ *\([a-z0-9]*\):.*/interface \1/p' /proc/net/dev
unshare --mount true 2>/dev/null && echo "makes namespaces"
echo tried
"""


def tried(machine, system, unit, script):
    """What the script finds possible in the sandbox of the unit."""
    machine.write("/usr/local/bin/try", script, 0o755)
    machine.write(f"/etc/systemd/system/{unit}.d/try.conf",
                  "[Service]\nExecStartPre=/usr/local/bin/try\nSyslogIdentifier=tried\n")
    registrar_units.start(system)
    return system.run("journalctl --sync; journalctl -q -b -o cat -t tried").stdout.splitlines()


def test_the_fronts_sandbox(registrar):
    """Also of what everybody may read, the directory of the manager is hidden."""
    registrar.write("/etc/agent-registrar.key", "a private key", 0o600)
    registrar.write("/var/ossec/etc/api.users", "", 0o644)
    registrar.write(KEYS, "", 0o644)
    for name in ("/var/ossec", "/var/ossec/etc"):
        registrar.path(name).chmod(0o777)
    with registrar.boot() as system:
        system.wait_until_booted()
        lines = tried(registrar, system, FRONT, TRY_FRONT)
    assert lines[:2] == ["agent-registrar", "tried"]


def test_the_keepers_sandbox(registrar):
    with registrar.boot() as system:
        system.wait_until_booted()
        lines = tried(registrar, system, KEEPER, TRY_KEEPER)
    assert lines[:lines.index("tried")] == [
        "root", "writes /var/ossec/etc", "writes /var/ossec/queue", "interface lo"]


CONNECT = f"""python3 -c '
import socket
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(10)
connection.connect("{SOCKET_PATH}")
print("connected")
if WAIT: print("closed" if connection.recv(1) == b"" else "served")
' 2>&1 | tail -n 1"""


def connect(system, user, wait=False):
    """What came of it when the user connects, and perhaps waits for what the keeper does then."""
    return system.run(f"runuser -u {user} -- {CONNECT.replace('WAIT', str(wait))}").stdout


def test_only_the_front_speaks_with_the_keeper(registrar):
    with registrar.boot() as system:
        registrar_units.start(system)
        keeper = registrar_units.process(system, KEEPER)
        shown = system.run(f"stat -c '%A %U %G' {SOCKET_PATH}").stdout
        assert shown == "srw-rw---- root agent-registrar\n"
        for user in ("nobody", "daemon"):
            said = connect(system, user)
            assert said.startswith("PermissionError"), said
        assert connect(system, "agent-registrar") == "connected\n"
        # who is in the group is let in by the file's mode: the keeper looks who it is
        system.run("usermod -aG agent-registrar daemon")
        assert connect(system, "daemon", wait=True) == "closed\n"
        assert registrar_units.process(system, KEEPER) == keeper
        assert registrar_units.states(system) == ["active"] * 3


def test_commands_without_and_with_the_service(registrar):
    """They never ask it."""
    with registrar.boot() as system:
        registrar_units.start(system, "--api-port 55000")
        for stop in ("true", "systemctl stop agent-registrar"):
            assert system.run(stop).exit_status == 0
            assert "any" in system.run("agent-registrar add -n web-02").stdout
            (line,) = system.run("agent-registrar list").stdout.splitlines()
            done = system.run("echo a good password | agent-registrar user admin && "
                              "agent-registrar --remove user admin && "
                              f"agent-registrar remove {line.split()[0]}")
            assert done.exit_status == 0, done.stdout
            assert system.run("agent-registrar list").stdout == ""


def test_back_to_one_unit(registrar):
    """And forward again, each as the manual has it."""
    with registrar.boot() as system:
        registrar_units.start(system)
        manual.Example("agent-registrar.8", "systemctl mask").carry_out(registrar, system)
        assert registrar_units.states(system) == ["active", "inactive", "inactive"]
        keeper = registrar_units.process(system, FRONT)
        children = system.run(f"cat /proc/{keeper}/task/{keeper}/children").stdout.split()
        assert len(children) == 1
        shown = status(system, keeper)
        assert shown["Uid"].split() == ["0"] * 4
        check_front(system, children[0], system.run("id -u agent-registrar").stdout.strip())
        with many_agents.ManyAgents(registrar) as agents:
            agents.wait_for_keys(20)
        assert system.run("systemctl reload agent-registrar").exit_status == 0
        assert system.run("agent-registrar list | wc -l").stdout == f"{len(agents.keys)}\n"

        manual.Example("agent-registrar.8", "systemctl unmask").carry_out(registrar, system)
        assert registrar_units.states(system) == ["active"] * 3
        with many_agents.ManyAgents(registrar, prefix="other") as more:
            more.wait_for_keys(20)
    assert agents.failures == {} and more.failures == {}
    many_agents.check_that_none_is_lost(agents, registrar.path(KEYS))
    many_agents.check_that_none_is_lost(more, registrar.path(KEYS))
