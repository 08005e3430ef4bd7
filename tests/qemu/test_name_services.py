# SPDX-License-Identifier: ISC
"""Name services that are asked over a local socket, from the process that talks to the manager."""
import scripted_manager

# With the services of systemd-resolved, Avahi and SSSD in their usual form; the first one runs.
SERVICES = {
    "resolve [!UNAVAIL=return] files": True,
    "mdns4_minimal [!UNAVAIL=return] files": True,
    "sss [!UNAVAIL=return] files": True,
    "resolve": False,
}
UNREACHABLE = 75


def register(machine, manager, hosts):
    """With this line in nsswitch.conf."""
    return machine.run(
        f"sed -i 's/^hosts:.*/hosts: {hosts}/' /etc/nsswitch.conf\n"
        "rm -rf /var/ossec/etc/client.keys /run/state\n"
        "agent-register --config /dev/null --state /run/state --directory /var/ossec "
        f"--manager manager.example:{manager.port} --ca /run/ca.pem --name web-01 "
        "--set auth.password_file=/run/password --set 'retry.budget=0 s'")


def test_services(machine, manager, certificates):
    """They are there for the machine, and not for that process, which goes on with what follows."""
    machine.boot()
    assert machine.wait_until_booted() == "running"
    authority = (certificates / "ca.pem").read_text(encoding="ascii")
    machine.run(f"umask 077; cat >/run/ca.pem <<'EOF'\n{authority}EOF\n"
                f"echo '{scripted_manager.PASSWORD}' >/run/password")
    started = machine.run("systemctl unmask systemd-resolved && systemctl start systemd-resolved")
    assert started.exit_status == 0, started.stdout
    for hosts, is_found in SERVICES.items():
        done = register(machine, manager, hosts)
        names = machine.run("getent hosts manager.example")
        assert names.exit_status == 0, (hosts, names.stdout)
        assert done.exit_status == (0 if is_found else UNREACHABLE), (hosts, done.stdout)
        if not is_found:
            assert "Cannot resolve manager.example: " in done.stdout, done.stdout
    assert len(manager.requests) == len([hosts for hosts, is_found in SERVICES.items()
                                         if is_found])
