# SPDX-License-Identifier: ISC
"""The registrar's package in a machine that runs: it is started by who has configured it, and what
agents depend on survives it."""
import package_files
import registrar_units

PACKAGE = "agent-registrar"
FRONT, KEEPER = registrar_units.FRONT, registrar_units.KEEPER
UNITS = (FRONT, "agent-registrar.socket", "agent-registrar-api.socket",
         "agent-registrar-enroll.socket")
CONFIGURED = 'REGISTRAR_OPTIONS="-n --dialect wazuh"\n'
KEYS = "/var/ossec/etc/client.keys"
STAYS = ("client.keys", "sslmanager.cert", "sslmanager.key")


def enabled(system):
    return system.run(f"systemctl is-enabled {' '.join(UNITS)}").stdout.split()


def configure_and_enable(machine, system):
    """As an administrator does, with one agent."""
    machine.write(registrar_units.OPTIONS, CONFIGURED)
    done = system.run("agent-registrar -n --dialect wazuh init && "
                      "systemctl enable --now agent-registrar && agent-registrar add -n web-02")
    assert done.exit_status == 0, done.stdout + registrar_units.journal(system)


def processes(system):
    return [registrar_units.process(system, unit) for unit in (FRONT, KEEPER)]


def kept(machine):
    return [machine.read(f"/var/ossec/etc/{name}") for name in STAYS]


def test_install(new_machine, install):
    """Neither enabled nor started, no port open, and the user is there."""
    machine = new_machine(agent=False)
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, PACKAGE)
        assert enabled(system) == ["disabled"] * 4
        assert registrar_units.states(system) == ["inactive"] * 3
        assert system.run("ss -Hltn 'sport = 1515'").stdout == ""
        assert system.run("id -un agent-registrar").stdout == "agent-registrar\n"
    assert not machine.path("/var/ossec").exists()


def test_install_on_a_manager(new_machine, install, dpkg):
    """Its keys are its own, whatever happens to the package."""
    machine = new_machine(agent=False)
    machine.write(KEYS, f"001 web-02 any {'5a' * 32}\n", 0o640)
    machine.write("/var/ossec/etc/authd.pass", "the manager's\n", 0o640)
    machine.write("/var/ossec/bin/wazuh-authd", "#!/bin/sh\n", 0o755)
    before = machine.key_file()
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, PACKAGE)
        install(system, PACKAGE, version="next")
        dpkg(system, f"--purge {PACKAGE}")
    assert machine.key_file() == before
    assert machine.read("/var/ossec/etc/authd.pass") == "the manager's\n"


def test_upgrade_and_downgrade(new_machine, install):
    """What runs is restarted, as a whole, and stays configured; what is stopped stays so."""
    machine = new_machine(agent=False)
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, PACKAGE)
        configure_and_enable(machine, system)
        before, old = kept(machine), processes(system)
        install(system, PACKAGE, version="next")
        system.wait_for_property(FRONT, "ActiveState", "active")
        assert not set(old) & set(processes(system)) and 0 not in processes(system)
        assert machine.read(registrar_units.OPTIONS) == CONFIGURED
        assert machine.read(registrar_units.OPTIONS + ".dpkg-dist").endswith(package_files.COMMENT)
        assert enabled(system) == ["enabled", "enabled", "disabled", "disabled"]
        assert "web-02" in system.run("agent-registrar list").stdout
        system.run(f"systemctl stop {' '.join(UNITS)}")
        install(system, PACKAGE)
        assert processes(system) == [0, 0]
    assert kept(machine) == before


def test_remove_purge_and_install_again(new_machine, install, dpkg):
    """Nothing runs and no port is open any more; what lets people in is gone after a purge, and
    what agents depend on is not."""
    machine = new_machine(agent=False)
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, PACKAGE)
        configure_and_enable(machine, system)
        made = system.run("agent-registrar token create --address manager.example >/dev/null && "
                          "echo 'correct horse battery' | agent-registrar user admin")
        assert made.exit_status == 0, made.stdout
        machine.write("/var/ossec/etc/authd.pass", "secret\n", 0o640)
        before = kept(machine)
        dpkg(system, f"--remove {PACKAGE}")
        assert registrar_units.states(system) == ["inactive"] * 3
        assert system.run("ss -Hltn 'sport = 1515'").stdout == ""
        assert machine.read(registrar_units.OPTIONS) == CONFIGURED
        dpkg(system, f"--purge {PACKAGE}")
        for path in (registrar_units.OPTIONS, "/var/ossec/etc/api.users",
                     "/var/ossec/etc/enrollment.tokens", "/var/ossec/etc/authd.pass"):
            assert not machine.path(path).exists(), path
        left = [path for path in machine.path("/etc/systemd/system").rglob("*registrar*")]
        assert left == []
        assert kept(machine) == before
        install(system, PACKAGE)
        assert enabled(system) == ["disabled"] * 4
        assert registrar_units.states(system) == ["inactive"] * 3
    assert kept(machine) == before
