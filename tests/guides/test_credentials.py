# SPDX-License-Identifier: ISC
"""doc/credentials.md: one machine that registers again and again, with its password from elsewhere
each time."""
import agent_machine
import guide
import scripted_manager

PASSWORD_FILE = "password_file = /etc/agent-register/password\n"


def register_again(machine, system):
    """As if it never had."""
    system.run(f"systemctl stop agent-register; rm -f {agent_machine.KEYS} "
               "/etc/agent-register/password /etc/agent-register/agent-register.conf.d/*")
    assert not machine.has_key()


def test_credentials(machine, start_manager):
    machine.configure(agent_machine.configuration().replace(PASSWORD_FILE, ""))
    manager = start_manager(machine)
    with guide.Guide("credentials", {"(the password)": scripted_manager.PASSWORD}) as page, \
            machine.boot() as system:
        system.wait_until_booted()
        page.carry_out("A file", agent=system)
        done = system.run("systemctl restart agent-register")
        assert done.exit_status == 0 and machine.has_key(), done.stdout
        assert not machine.path("/etc/agent-register/password").exists()
        for heading in ("A credential of systemd",
                        "Encrypted, with the TPM or a key of the machine"):
            register_again(machine, system)
            page.carry_out(heading, agent=system)
            assert machine.has_key()
        page.carry_out("From the hypervisor, by SMBIOS")
        page.carry_out("Fetched from a secrets manager")
    right = [f"OSSEC PASS: {scripted_manager.PASSWORD} " in each for each in manager.requests]
    assert right.count(True) == 3, manager.requests
