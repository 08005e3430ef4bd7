# SPDX-License-Identifier: ISC
"""What a hypervisor passes as credentials, with nothing of it on the disk."""
import scripted_manager


def test_everything_from_credentials(machine, start_manager, certificates):
    start_manager(machine)
    credentials = {
        # systemd-nspawn --set-credential understands C escapes
        "agent-register.conf": "[manager]\\naddress = manager.example\\n",
        "agent-register.password": scripted_manager.PASSWORD,
        "agent-register.ca": (certificates / "ca.pem").read_text().replace("\n", "\\n"),
    }
    with machine.boot(credentials=credentials) as system:
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["StatusText"] == "Registered as web-01 (id 007)"
    assert len(machine.agent_starts()) == 1


def test_credential_wins_over_the_file(machine, start_manager):
    machine.configure(password="wrong")
    start_manager(machine)
    with machine.boot(credentials={"agent-register.password": scripted_manager.PASSWORD}) as system:
        assert system.wait_until_booted() == "running"
    assert machine.has_key()
