# SPDX-License-Identifier: ISC
"""The client's packages in a machine that runs, from the first installation to the last: what is
enabled, what is started, and that the agent's key stays what it is."""
import agent_machine
import package_files
import scripted_manager
from agent_machine import CONFIG, KEYS

CLIENT = ("agent-register", "agent-register-https")
UNIT, DEREGISTER, AGENT = ("agent-register.service", "agent-register-deregister.service",
                           "wazuh-agent.service")
KEY = f"007 web-01 any {scripted_manager.KEY}\n"
EDITED = agent_machine.configuration(more="# edited\n")
CREDENTIALS = ("/etc/credstore/agent-register.password",
               "/etc/credstore.encrypted/agent-register.password")


def enabled(system, *units):
    return system.run(f"systemctl is-enabled {' '.join(units)}").stdout.split()


def was_started(system, unit):
    """Was there a process of the unit, or an attempt to start it, in this boot?"""
    return system.show(unit)["InactiveExitTimestampMonotonic"] != "0"


def has_drop_in(system):
    """Does the agent's unit, as systemd knows it, have ours?"""
    shown = system.show(AGENT)
    assert shown["NeedDaemonReload"] == "no"
    return "agent-register.conf" in shown["DropInPaths"]


def dangling_links(machine):
    return [str(path) for path in machine.path("/etc/systemd/system").rglob("*")
            if path.is_symlink() and "agent-regist" in path.name]


def register(machine, system, start_manager):
    """Configure the installed client and have it register; returns the manager."""
    manager = start_manager(machine)
    machine.configure(EDITED)
    assert system.run(f"systemctl start {UNIT}").exit_status == 0
    assert machine.read(KEYS) == KEY
    # the agent, which ran without a key, is restarted after READY=1
    system.wait_for_exit(UNIT)
    system.wait_until_booted()
    return manager


def test_install(machine, install):
    """Enabled and not started, with the agent's drop-in in effect, and nothing else done."""
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        before = system.show(AGENT)["ActiveState"]
        install(system, *CLIENT)
        assert enabled(system, UNIT, DEREGISTER) == ["enabled", "disabled"]
        assert not was_started(system, UNIT)
        assert not was_started(system, DEREGISTER)
        assert has_drop_in(system)
        assert system.show(AGENT)["ActiveState"] == before
        assert system.run("systemctl is-system-running").stdout.strip() == "running"
        assert system.run("stat -c '%a %U' /var/lib/agent-register").stdout == "755 root\n"
    assert not machine.has_key()


def test_install_into_an_image(machine, packages, start_manager):
    """And the image registers when it boots with a configuration."""
    package_files.install_into_image(machine, packages["this"])
    machine.configure()
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        assert enabled(system, "agent-registrar.service", "agent-registrar.socket") == [
            "disabled", "disabled"]
        assert not was_started(system, "agent-registrar.service")
        system.wait_for_start("wazuh-agent")
    assert machine.read(KEYS) == KEY


def test_first_boot_of_an_image(machine, packages):
    """Without a machine ID, systemd enables what presets say, which is what the packages did."""
    package_files.install_into_image(machine, packages["this"])
    machine.write("/etc/machine-id", "")
    with machine.boot() as system:
        system.wait_until_booted()
        assert enabled(system, UNIT, DEREGISTER) == ["enabled", "disabled"]
        assert enabled(system, "agent-registrar.service", "agent-registrar.socket",
                       "agent-registrar-api.socket", "agent-registrar-enroll.socket") == [
            "disabled"] * 4


def test_install_beside_a_registered_agent(machine, install, start_manager):
    """The agent goes on running, with the key that it has; nobody is asked for another one."""
    machine.write(KEYS, KEY, 0o640)
    before = machine.key_file()
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_start("wazuh-agent")
        agent = system.show(AGENT)["InvocationID"]
        install(system, *CLIENT)
        assert not was_started(system, UNIT)
        machine.configure()
        assert system.run(f"systemctl start {UNIT}").exit_status == 0
        assert system.show(AGENT)["InvocationID"] == agent
    assert machine.key_file() == before
    assert manager.requests == []


def test_upgrade_while_registered(machine, install, start_manager):
    """Nothing is restarted, and what was edited stays, beside the new version's file. So does what
    was disabled."""
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, *CLIENT)
        manager = register(machine, system, start_manager)
        before = machine.key_file()
        unit, agent = (system.show(name)["InvocationID"] for name in (UNIT, AGENT))
        install(system, *CLIENT, version="next")
        assert machine.read(CONFIG) == EDITED
        assert machine.read(CONFIG + ".dpkg-dist").endswith(package_files.COMMENT)
        assert [system.show(name)["InvocationID"] for name in (UNIT, AGENT)] == [unit, agent]
        assert enabled(system, UNIT, DEREGISTER) == ["enabled", "disabled"]
        system.run(f"systemctl disable {UNIT}")
        # the way back
        install(system, *CLIENT)
        assert machine.read(CONFIG) == EDITED
        assert enabled(system, UNIT, DEREGISTER) == ["disabled", "disabled"]
        assert system.show(UNIT)["InvocationID"] == unit
        assert system.run(f"systemctl restart {UNIT}").exit_status == 0
    assert machine.key_file() == before
    assert len(manager.requests) == 1


def test_upgrade_while_registering(machine, install, start_manager):
    """What still tries goes on as the new version, and the upgrade does not wait until there is a
    manager."""
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, *CLIENT)
        machine.configure(EDITED)
        system.run(f"systemctl start --no-block {UNIT}")
        system.wait_for_status(UNIT, "Waiting for attempt ")
        old = system.show(UNIT)["MainPID"]
        install(system, *CLIENT, version="next")
        assert not machine.has_key()
        start_manager(machine)
        system.wait_for_property(UNIT, "SubState", "exited")
        new = system.show(UNIT)
        assert new["ExecMainPID"] not in ("0", old)
        system.wait_for_start("wazuh-agent")
    assert machine.read(KEYS) == KEY


def test_unedited_configuration_is_upgraded(machine, install):
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, *CLIENT)
        old = machine.read(CONFIG)
        install(system, *CLIENT, version="next")
        assert machine.read(CONFIG) == old + package_files.COMMENT
        install(system, *CLIENT)
        assert machine.read(CONFIG) == old


def test_remove_and_install_again(machine, install, dpkg, start_manager):
    """Configuration, state and key stay; the agent starts as its own package says."""
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, *CLIENT)
        manager = register(machine, system, start_manager)
        before = machine.key_file()
        agent = system.show(AGENT)["InvocationID"]
        dpkg(system, f"--remove {' '.join(CLIENT)}")
        assert system.show(UNIT)["ActiveState"] == "inactive"
        assert not has_drop_in(system)
        assert system.show(AGENT)["InvocationID"] == agent
        assert system.run(f"systemctl restart {AGENT}").exit_status == 0
        assert machine.read(CONFIG) == EDITED
        assert machine.path("/var/lib/agent-register/state").exists()
        install(system, *CLIENT)
        assert enabled(system, UNIT, DEREGISTER) == ["enabled", "disabled"]
        assert system.show(UNIT)["ActiveState"] == "inactive"
        assert system.run(f"systemctl start {UNIT}").exit_status == 0
    assert machine.key_file() == before
    assert len(manager.requests) == 1


def test_purge_and_install_again(machine, install, dpkg, start_manager):
    """Nothing of the package is left, secrets least of all; and the key is what it was."""
    with machine.boot() as system:
        system.wait_until_booted()
        install(system, *CLIENT)
        manager = register(machine, system, start_manager)
        before = machine.key_file()
        for path in CREDENTIALS:
            machine.write(path, "secret", 0o600)
        machine.write("/etc/credstore/other", "not ours")
        dpkg(system, f"--purge {' '.join(CLIENT)}")
        for path in ("/etc/agent-register", "/var/lib/agent-register", "/run/agent-register",
                     *CREDENTIALS):
            assert system.run(f"test ! -e {path}").exit_status == 0, path
        assert machine.read("/etc/credstore/other") == "not ours"
        assert dangling_links(machine) == []
        assert not has_drop_in(system)
        assert machine.key_file() == before
        install(system, *CLIENT)
        assert enabled(system, UNIT, DEREGISTER) == ["enabled", "disabled"]
        machine.configure(EDITED)
        assert system.run(f"systemctl start {UNIT}").exit_status == 0
    assert machine.key_file() == before
    assert len(manager.requests) == 1
