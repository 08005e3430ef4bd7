# SPDX-License-Identifier: ISC
"""The installed units: what systemd says of them, and the sandbox they run in."""
import re

import agent_machine
import pytest
import scripted_manager

# What systemd-analyze of systemd 252 says, and which permissions each unit explains.
EACH = {"RestrictAddressFamilies=~AF_UNIX", "DeviceAllow="}
NETWORK = {"PrivateNetwork=", "IPAddressDeny=", "RestrictAddressFamilies=~AF_(INET|INET6)"}
ROOT = {"User=/DynamicUser=", "PrivateUsers=", "ProcSubset=",
        "CapabilityBoundingSet=~CAP_(DAC_*|FOWNER|IPC_OWNER)",
        "CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP)", "SystemCallFilter=~@privileged"}
HOST = {"RootDirectory=/RootImage="}
EXPOSURES = {
    "agent-register": (2.2, EACH | NETWORK | ROOT | {"ProtectHostname=",
                                                     "RestrictAddressFamilies=~AF_NETLINK"}),
    "agent-register-deregister": (2.2, EACH | NETWORK | ROOT | HOST |
                                  {"ProtectHome=", "RestrictAddressFamilies=~AF_NETLINK"}),
    "agent-registrar": (1.1, EACH | NETWORK | HOST),
    "agent-registrar-keeper": (1.2, EACH | ROOT | HOST),
}
DROP_IN = "/etc/systemd/system/agent-register.service.d/directory.conf"


def is_installed(machine, documentation):
    """Is it a manual page, as in man:agent-register(8), and there? Not every machine has man."""
    name, section = re.fullmatch(r"man:(\S+)\((\d)\)", documentation).groups()
    page = machine.path(f"/usr/share/man/man{section}/{name}.{section}")
    return page.exists() or page.with_name(page.name + ".gz").exists()  # as packages have it


def test_systemd_finds_no_fault(machine):
    with machine.boot() as system:
        system.wait_until_booted()
        units = system.run("cd /usr/lib/systemd/system && ls -d agent-regist*").stdout.split()
        man = "yes" if system.run("command -v man").exit_status == 0 else "no"
        verified = system.run(
            f"systemd-analyze verify --man={man} {' '.join(units)} wazuh-agent.service"
        )
        pages = system.run("cd /usr/lib/systemd/system && sed -n 's/^Documentation=//p' "
                           "$(find agent-regist* -type f)").stdout.split()
        drop_ins = system.show("wazuh-agent")["DropInPaths"]
        warnings = system.run("journalctl -q -b -p warning -o cat _PID=1 | grep -i agent").stdout
    assert {"agent-register.service", "agent-registered.target",
            "agent-register-deregister.service"} <= set(units)
    if "agent-registrar.service" in units:
        assert {"agent-registrar.socket", "agent-registrar-api.socket",
                "agent-registrar-enroll.socket", "agent-registrar-keeper.service",
                "agent-registrar-keeper.socket"} <= set(units)
    assert len(pages) >= len(units)
    assert [page for page in pages if not is_installed(machine, page)] == []
    # It may find faults in this machine's own units, but not in ours.
    assert [
        line for line in verified.stdout.splitlines() if "agent-regist" in line or "wazuh" in line
    ] == []
    assert drop_ins.endswith("/wazuh-agent.service.d/agent-register.conf")
    assert warnings == ""


def remaining(analysis):
    """What systemd-analyze counts against a unit: its names of the settings."""
    return {re.split(r"\s{2,}", line.strip("✗ "))[0] for line in analysis.splitlines()
            if line.lstrip().startswith("✗") and re.search(r"\d\.\d$", line.rstrip())}


@pytest.mark.parametrize("unit", EXPOSURES)
def test_exposure(unit, machine, record_property):
    """What a unit may do is what its file explains, and nothing else."""
    highest, explained = EXPOSURES[unit]
    path = f"/usr/lib/systemd/system/{unit}.service"
    if not machine.path(path).exists():
        pytest.skip(f"{unit} is not built")
    with machine.boot() as system:
        analysis = system.run(f"systemd-analyze security --offline=yes --no-pager {path}").stdout
    print(analysis)
    exposure = float(
        re.search(rf"Overall exposure level for {unit}.service: ([\d.]+)", analysis).group(1)
    )
    record_property("exposure", exposure)
    assert exposure <= highest
    assert remaining(analysis) <= explained


def test_presets(machine):
    """Where everything is enabled, as on Debian: what removes agents is not."""
    units = ["agent-register.service", "agent-register-deregister.service"]
    with machine.boot() as system:
        assert system.run(f"systemctl preset {' '.join(units)}").exit_status == 0
        states = system.run(f"systemctl is-enabled {' '.join(units)}").stdout.split()
    assert states == ["enabled", "disabled"]


def test_sandbox_is_enforced(machine):
    """What stands beside ExecStart= finds all places closed but the agent's files and our own."""
    machine.write(
        "/etc/systemd/system/agent-register.service.d/try.conf",
        "[Service]\nExecStartPre=/bin/sh -c 'for place in /etc /usr /boot /opt /root /run "
        "/run/lock /var/lib /var/ossec /var/ossec/bin /var/ossec/etc /var/ossec/queue "
        "/var/lib/agent-register; do touch $$place/written; done; unshare --mount true && touch "
        "/var/ossec/etc/unshared; "
        "exit 0'\n",
    )
    machine.configure()
    with machine.boot() as system:
        assert (
            system.run(
                "systemctl stop agent-register; systemctl start --no-block agent-register"
            ).exit_status
            == 0
        )
        system.wait_for_status("agent-register", "Waiting for attempt")
        written = system.run(
            "ls /*/written /run/lock/written /var/lib/written /var/*/written "
            "/var/lib/agent-register/written /var/ossec/*/written /var/ossec/etc/unshared "
            "2>/dev/null"
        ).stdout.split()
    assert sorted(set(written)) == ["/var/lib/agent-register/written", "/var/ossec/etc/written",
                                    "/var/ossec/queue/written"]


def test_sandbox_allows_what_is_needed(machine, start_manager):
    """A half-written key and a counter that belong to the agent's user, in directories that are
    not root's."""
    machine.configure()
    machine.write(agent_machine.KEYS, "001 web-01 any 0123", 0o640)
    machine.write("/var/ossec/queue/rids/sender", "1:1", 0o640)
    start_manager(machine)
    for name in ("etc", "etc/client.keys", "queue", "queue/rids", "queue/rids/sender"):
        machine.path(f"/var/ossec/{name}").chmod(0o750)
        machine.chown(f"/var/ossec/{name}", 64998, 64998)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
    (start,) = machine.agent_starts()
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}",
                         f"007 web-01 any {scripted_manager.KEY}"]
    assert machine.read(agent_machine.KEYS + ".torn") == "001 web-01 any 0123"
    assert not machine.path("/var/ossec/queue/rids/sender").exists()


def test_agent_in_another_directory(machine, start_manager):
    """With the copy of the agent's drop-in, and the drop-in, that it describes."""
    shown = machine.read("/usr/lib/systemd/system/wazuh-agent.service.d/agent-register.conf")
    assert "copy of this file in /etc/systemd/system/UNIT.d" in shown
    machine.write("/etc/systemd/system/wazuh-agent.service.d/agent-register.conf",
                  shown.replace("/var/ossec", "/opt/ossec"))
    path, *lines = [line.removeprefix("#\t") for line in shown.splitlines()
                    if line.startswith("#\t")]
    assert path == f"# {DROP_IN}"
    machine.write(DROP_IN, "\n".join(lines) + "\n")
    machine.configure(agent_machine.configuration(more="[agent]\ndirectory = /opt/ossec\n"))
    machine.path("/opt/ossec/etc").mkdir(parents=True)
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    assert machine.path("/opt/ossec/etc/client.keys").exists()
