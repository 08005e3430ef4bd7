# SPDX-License-Identifier: ISC
"""The same first boot with our own manager: the real agent-registrar at the other end of the
wire."""
import os
import re

import agent_machine
import nspawn
import pytest


@pytest.fixture
def program(build):
    path = os.environ.get("AGENT_REGISTRAR") or str(build / "agent-registrar")
    if not os.access(path, os.X_OK):
        pytest.skip("agent-registrar is not built")
    return path


def test_first_boot_with_the_registrar(program, machine, tmp_path):
    told = machine.start_at_manager(program, "-D", tmp_path, "--init", "--listen",
                                    nspawn.MANAGER_ADDRESS, "--name", "manager.example", "serve",
                                    until="Listening on")
    pin = re.search(r"pin = (sha256//\S+)", told).group(0)
    machine.configure(f"[manager]\naddress = manager.example\n[tls]\n{pin}\n[auth]\n"
                      "password_file = /etc/agent-register/password\n",
                      password=(tmp_path / "etc/authd.pass").read_text().strip())
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    (start,) = machine.agent_starts()
    (line,) = (tmp_path / "etc/client.keys").read_text().splitlines()
    assert line.split()[1] == "web-01"
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", line]


REGISTRAR_DROP_IN = """\
[Unit]
ConditionPathIsDirectory=
[Service]
Environment="REGISTRAR_OPTIONS=-D /srv/ossec -n --dialect wazuh"
ReadWritePaths=/srv/ossec/etc -/srv/ossec/queue
"""


@pytest.mark.usefixtures("program")
def test_service_and_commands_side_by_side(machine):
    """The unit in its sandbox, over a directory as a Wazuh manager has it: not root's, and
    closed to others."""
    owner, group = 64998, 64997
    for name in ("etc", "etc/shared/web", "queue", "queue/rids"):
        machine.path(f"/srv/ossec/{name}").mkdir(parents=True)
    machine.write("/srv/ossec/queue/agents-timestamp", "", 0o600)
    machine.write("/srv/ossec/etc/client.keys", f"001 old any {'5a' * 32}\n", 0o640)
    machine.write("/srv/ossec/queue/rids/001", "1:1:", 0o640)
    for name in ("etc", "etc/client.keys", "etc/shared", "etc/shared/web", "queue", "queue/rids",
                 "queue/rids/001"):
        path = machine.path(f"/srv/ossec/{name}")
        path.chmod(0o770 if path.is_dir() else 0o640)
        machine.chown(f"/srv/ossec/{name}", owner, group)
    machine.write("/etc/systemd/system/agent-registrar.service.d/directory.conf", REGISTRAR_DROP_IN)
    with machine.boot() as system:
        system.wait_until_booted()
        told = system.run("agent-registrar -D /srv/ossec -n --name 127.0.0.1 init")
        assert told.exit_status == 0, told.stdout
        pin = re.search(r"pin = sha256//\S+", told.stdout).group(0)
        assert system.run("systemctl start agent-registrar").exit_status == 0, system.journal()
        assert system.run("agent-registrar -D /srv/ossec remove 001 2>/dev/null").stdout == (
            "001 old any\n")
        system.wait_for_status("agent-registrar", "0 agents")
        assert system.run("agent-registrar -D /srv/ossec add -n hand -a 2001:db8::/32").stdout == (
            "002 hand 2001:0DB8:0000:0000:0000:0000:0000:0000/32\n")
        system.wait_for_status("agent-registrar", "1 agents")
        machine.configure(
            f"[manager]\naddress = 127.0.0.1\n[tls]\n{pin}\n[agent]\nname = web-02\ngroups = web\n"
        )
        assert system.run("systemctl restart agent-register").exit_status == 0, system.journal()
        listed = system.run("agent-registrar -D /srv/ossec list").stdout.splitlines()
        warnings = system.run(
            "journalctl --sync; journalctl -q -b -p warning -o cat -u agent-registrar"
        ).stdout.splitlines()
    assert listed[1:] == ["003 web-02 any"]
    keys = machine.path("/srv/ossec/etc/client.keys")
    assert keys.read_text().splitlines()[0] == f"001 !old any {'5a' * 32}"
    assert (keys.stat().st_uid, keys.stat().st_gid, keys.stat().st_mode & 0o777) == (
        owner,
        group,
        0o640,
    )
    assert machine.read("/srv/ossec/queue/agent-groups/003") == "web\n"
    assert [
        line.split()[:3] for line in machine.read("/srv/ossec/queue/agents-timestamp").splitlines()
    ] == [["002", "hand", listed[0].split()[2]], ["003", "web-02", "any"]]
    assert not machine.path("/srv/ossec/queue/rids/001").exists()
    assert warnings == [line for line in warnings if "No password is required" in line]


API_CALLS = r"""
set -e
cd /var/ossec
agent-registrar --init >/dev/null
mkdir -p etc/shared/web queue
echo 'a good password' | agent-registrar user admin >/dev/null
systemctl start agent-registrar
call() { curl -sS --fail-with-body --cacert etc/sslmanager.cert "$@"; }
where=https://127.0.0.1:55000
token=$(call -u 'admin:a good password' -X POST "$where/security/user/authenticate?raw=true")
authorized() { call -H "Authorization: Bearer $token" "$@"; }
authorized -H 'Content-Type: application/json' -d '{"name": "web-02"}' $where/agents
call -H "Authorization: Bearer $token" -X PUT $where/agents/001/group/web
authorized -X DELETE "$where/agents?agents_list=001&status=all&older_than=0s"
systemctl stop agent-registrar
"""


@pytest.mark.usefixtures("program")
def test_api_in_the_sandbox_of_the_service(machine):
    """Threads, 32 MiB for a password, files in the queue: what the API needs, the unit allows."""
    if not os.access("/usr/bin/curl", os.X_OK):
        pytest.skip("curl is not installed")
    machine.write("/etc/systemd/system/agent-registrar.service.d/api.conf",
                  '[Service]\nEnvironment="REGISTRAR_OPTIONS=--dialect wazuh --api-port 55000"\n')
    with machine.boot() as system:
        system.wait_until_booted()
        done = system.run(API_CALLS)
        state = system.show("agent-registrar")
        journal = system.run("journalctl --sync; journalctl -q -b -o cat -u agent-registrar").stdout
    assert done.exit_status == 0, done.stdout + journal
    assert "All selected agents were assigned to web" in done.stdout
    assert "All selected agents were deleted" in done.stdout
    assert state["Result"] == "success" and "The API listens on" in journal
    assert "Registered web-02 as 001" in journal and "a good password" not in journal
    assert machine.read("/var/ossec/etc/client.keys").startswith("001 !web-02 any ")
