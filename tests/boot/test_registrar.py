# SPDX-License-Identifier: ISC
"""Our own manager, agent-registrar, in its unit: with its clients, its commands, and in place of
other authds."""
import os
import re
import shutil
import subprocess

import agent_machine
import pytest
import registrar_units


@pytest.fixture
def program(build):
    path = os.environ.get("AGENT_REGISTRAR") or str(build / "agent-registrar")
    if not os.access(path, os.X_OK):
        pytest.skip("agent-registrar is not built")
    return path


def test_first_boot_with_the_registrar(program, machine, tmp_path):
    """Both units start at the same boot, in one machine, with each its own directory."""
    directory = tmp_path / "ossec"
    (directory / "etc").mkdir(parents=True)
    done = subprocess.run([program, "-D", directory, "--dialect", "ossec", "--name", "127.0.0.1",
                           "init"], check=True, stdout=subprocess.PIPE, text=True)
    pin = re.search(r"pin = (sha256//\S+)", done.stdout).group(0)
    password = (directory / "etc/authd.pass").read_text().strip()
    shutil.copytree(directory, machine.path("/srv/ossec"))
    registrar_units.use_directory(machine, "--dialect ossec")
    machine.enable("agent-registrar.service")
    machine.configure(f"[manager]\naddress = 127.0.0.1\n[tls]\n{pin}\n[auth]\n"
                      "password_file = /etc/agent-register/password\n[retry]\ninitial = 50 ms\n",
                      password=password)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.show("wazuh-agent")["ActiveState"] == "active"
        assert system.show("agent-registrar")["ActiveState"] == "active"
    (start,) = machine.agent_starts()
    (line,) = machine.read("/srv/ossec/etc/client.keys").splitlines()
    assert line.split()[1] == "web-01"
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", line]


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
    registrar_units.use_directory(machine, "-n --dialect wazuh")
    with machine.boot() as system:
        system.wait_until_booted()
        done = system.run("agent-registrar -D /srv/ossec -n --name 127.0.0.1 init")
        assert done.exit_status == 0, done.stdout
        pin = re.search(r"pin = sha256//\S+", done.stdout).group(0)
        assert system.run("systemctl start agent-registrar").exit_status == 0, system.journal()
        assert system.run("agent-registrar -D /srv/ossec remove 001 2>/dev/null").stdout == (
            "001 old any\n")
        system.wait_for_status("agent-registrar-keeper", "0 agents")
        assert system.run("agent-registrar -D /srv/ossec add -n hand -a 2001:db8::/32").stdout == (
            "002 hand 2001:0DB8:0000:0000:0000:0000:0000:0000/32\n")
        system.wait_for_status("agent-registrar-keeper", "1 agents")
        machine.configure(
            f"[manager]\naddress = 127.0.0.1\n[tls]\n{pin}\n[agent]\nname = web-02\ngroups = web\n"
        )
        assert system.run("systemctl restart agent-register").exit_status == 0, system.journal()
        listed = system.run("agent-registrar -D /srv/ossec list").stdout.splitlines()
        warnings = system.run(
            registrar_units.JOURNAL + " -p warning"
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


def run_at_service(machine, options, commands):
    """Run the commands in a booted machine whose registrar has these options. Returns how they
    ended and the journal of its units."""
    registrar_units.set_options(machine, options)
    with machine.boot() as system:
        system.wait_until_booted()
        done = system.run(commands)
        results = [system.show(unit)["Result"]
                   for unit in (registrar_units.FRONT, registrar_units.KEEPER)]
        journal = registrar_units.journal(system)
    assert done.exit_status == 0, done.stdout + journal
    assert results == ["success", "success"]
    return done, journal


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
    done, journal = run_at_service(machine, "--dialect wazuh --api-port 55000", API_CALLS)
    assert "All selected agents were assigned to web" in done.stdout
    assert "All selected agents were deleted" in done.stdout
    assert "The API listens on" in journal
    assert "Registered web-02 as 001" in journal and "a good password" not in journal
    assert machine.read("/var/ossec/etc/client.keys").startswith("001 !web-02 any ")


@pytest.mark.usefixtures("program")
def test_first_start_on_a_machine_without_a_manager(machine):
    """The keeper asks for the dialect, and is not tried again; init stores it."""
    for path in machine.path("/var/ossec/bin").glob("wazuh-*"):
        path.unlink()
    with machine.boot() as system:
        system.wait_until_booted()
        done = system.run("agent-registrar -n init")
        assert done.exit_status == 0 and "init --dialect ossec or init --dialect" in done.stdout
        done = system.run("systemctl start agent-registrar")
        assert done.exit_status != 0 and "Assertion failed" in done.stdout
        state = system.show("agent-registrar-keeper")
        assert (state["ActiveState"], state["ExecMainStatus"], state["NRestarts"]) == (
            "failed", "64", "0")
        assert registrar_units.states(system) == ["inactive", "failed", "active"]
        said = registrar_units.journal(system)
        assert "Whether this is a manager of OSSEC or of Wazuh is not known" in said
        assert 'run "agent-registrar init" with --dialect ossec or --dialect wazuh' in said
        assert not machine.path("/var/ossec/etc/client.keys").exists()
        done = system.run("agent-registrar --dialect wazuh init; systemctl start agent-registrar")
        assert done.exit_status == 0, done.stdout + system.journal()
        assert system.run("agent-registrar add -n web-02").stdout == "001 web-02 any\n"
        assert "Dialect: wazuh (as stored in " in registrar_units.journal(system)


OSSEC_UNIT = """\
[Unit]
Description={0}
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
"""

# What the manual says about replacing ossec-authd.
MIGRATION = """\
systemctl disable --now ossec-hids-authd.service
agent-registrar -D /var/ossec init
agent-registrar -t serve
systemctl enable --now agent-registrar.service
"""


@pytest.mark.usefixtures("program")
def test_replacing_ossec_authd(machine):
    """A directory as OSSEC's packages leave it on a fresh manager: closed to others, an empty and
    read-only client.keys, a certificate, no password. The other daemons go on."""
    for name in ("etc", "bin", "queue/rids", "logs", "var/run"):
        machine.path(f"/var/ossec/{name}").mkdir(parents=True, exist_ok=True)
    for name in ("ossec-remoted", "ossec-analysisd", "ossec-authd", "ossec-control",
                 "manage_agents"):
        machine.write(f"/var/ossec/bin/{name}", "#!/bin/sh\n", 0o550)
    for path in machine.path("/var/ossec/bin").glob("wazuh-*"):
        path.unlink()  # an agent's, of the machine in these tests
    machine.write("/var/ossec/etc/client.keys", "", 0o440)
    machine.path("/var/ossec/etc").chmod(0o550)
    for unit in ("ossec-hids-authd", "ossec-hids"):
        machine.write(f"/etc/systemd/system/{unit}.service", OSSEC_UNIT.format(unit))
    machine.configure("[manager]\naddress = 127.0.0.1\n[tls]\nverify = no\n")
    with machine.boot() as system:
        system.wait_until_booted()
        assert system.run("systemctl enable --now ossec-hids-authd ossec-hids").exit_status == 0
        # whoever does not disable it: only one of them runs
        done = system.run("agent-registrar init && systemctl start agent-registrar")
        assert done.exit_status == 0, done.stdout + system.journal()
        assert system.show("ossec-hids-authd")["ActiveState"] == "inactive"
        assert system.show("ossec-hids")["ActiveState"] == "active"
        assert system.run("systemctl start ossec-hids-authd").exit_status == 0
        assert registrar_units.states(system) == ["inactive"] * 3
        # and the way of the manual
        for line in MIGRATION.splitlines():
            done = system.run(line)
            assert done.exit_status == 0, line + done.stdout + system.journal()
        assert system.show("agent-registrar")["ActiveState"] == "active"
        assert system.show("ossec-hids")["ActiveState"] == "active"
        assert system.run("agent-registrar add -n web-01").stdout == "001 web-01 any\n"
        journal = registrar_units.journal(system)
    assert re.search(r"Dialect: ossec \(/var/ossec/bin/\S+ is installed\)", journal)
    assert machine.path("/var/ossec/etc/client.keys").stat().st_mode & 0o777 == 0o440


@pytest.mark.usefixtures("program")
def test_socket_in_place_of_ossec_authd(machine):
    """With the socket, systemd has the port, whether or not the service is running."""
    machine.write("/etc/systemd/system/ossec-hids-authd.service", OSSEC_UNIT.format("ossec-authd"))
    units = ("ossec-hids-authd.service", "agent-registrar.socket", "agent-registrar.service")

    def states():
        return [system.show(unit)["ActiveState"] for unit in units]

    with machine.boot() as system:
        system.wait_until_booted()
        assert system.run("agent-registrar --dialect ossec init && "
                          "systemctl start ossec-hids-authd").exit_status == 0
        done = system.run("systemctl start agent-registrar.socket")
        assert done.exit_status == 0, done.stdout
        assert states() == ["inactive", "active", "inactive"]
        assert system.run("systemctl start ossec-hids-authd").exit_status == 0
        assert states() == ["active", "inactive", "inactive"]
        done = system.run("systemctl start agent-registrar.socket agent-registrar.service")
        assert done.exit_status == 0, done.stdout
        assert states() == ["inactive", "active", "active"]
        assert system.run("systemctl start ossec-hids-authd").exit_status == 0
        assert states() == ["active", "inactive", "inactive"]
        journal = system.run("journalctl --sync; journalctl -q -b -o cat").stdout
    assert "Failed to create listening socket" not in journal and "ordering cycle" not in journal


@pytest.mark.usefixtures("program")
def test_called_by_the_unit_of_ossec_authd(machine):
    """The link in place of the original in somebody else's unit, which knows no command; and the
    same program without -f, as scripts start it."""
    machine.path("/var/ossec/var/run").mkdir(parents=True, exist_ok=True)
    machine.write("/etc/systemd/system/ossec-hids-authd.service", """\
[Service]
ExecStartPre=/usr/libexec/agent-register/ossec-authd -t
ExecStart=/usr/libexec/agent-register/ossec-authd -f
""")
    with machine.boot() as system:
        system.wait_until_booted()
        assert system.run("agent-registrar init").exit_status == 0
        done = system.run("systemctl start ossec-hids-authd && systemctl is-active "
                          "ossec-hids-authd")
        assert done.exit_status == 0, done.stdout + system.journal()
        assert system.run("systemctl stop ossec-hids-authd").exit_status == 0
        done = system.run("/usr/libexec/agent-register/wazuh-authd -p 1516 && "
                          "kill $(cat /var/ossec/var/run/wazuh-authd-*.pid)")
        assert done.exit_status == 0, done.stdout
        entry = system.run("journalctl --sync; journalctl -q -b -o cat -t wazuh-authd").stdout
    assert "Stopping on SIGTERM" in entry
