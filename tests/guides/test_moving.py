# SPDX-License-Identifier: ISC
"""doc/moving.md, with an agent that was configured by the variables of its package."""
import agent_conf
import agent_machine
import guide
import scripted_manager


def test_moving(machine, start_manager):
    agent_conf.IMAGES["wazuh 4"].install(machine, agent_machine.AGENT_GROUP)
    conf = machine.read(agent_conf.CONF).replace("MANAGER_IP", "manager.example.org")
    machine.write(agent_conf.CONF, conf, 0o660)
    machine.write("/var/ossec/etc/authd.pass", scripted_manager.PASSWORD + "\n", 0o640)
    machine.write(agent_machine.KEYS, f"003 web-01 any {scripted_manager.KEY}\n", 0o640)
    machine.write("/etc/agent-register/manager-ca.pem",
                  (machine.certificates / "ca.pem").read_text())
    manager = start_manager(machine)
    with guide.Guide("moving") as page, machine.boot() as system:
        assert system.wait_until_booted() == "running"
        page.carry_out("Machines that have a key", agent=system)
        assert manager.requests == []
        system.run(f"rm {agent_machine.KEYS}")
        page.carry_out("Machines whose ossec.conf is configured", agent=system)
        done = system.run("systemctl restart agent-register")
        assert done.exit_status == 0 and machine.has_key(), done.stdout
        page.carry_out("Scripts that stay", agent=system)
    asked = f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'"
    assert [request[:len(asked)] for request in manager.requests] == [asked, asked]
