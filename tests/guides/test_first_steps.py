# SPDX-License-Identifier: ISC
"""doc/first-steps.md, on a machine whose agent knows its manager and the password."""
import agent_conf
import agent_machine
import guide
import scripted_manager


def test_first_steps(machine, start_manager):
    with guide.Guide("first-steps") as page:
        (pem,) = [block for block in page.blocks if block.language == "pem"]
        page.values[pem.text] = (machine.certificates / "ca.pem").read_text()
        image = agent_conf.IMAGES["wazuh 4"]
        image.install(machine, agent_machine.AGENT_GROUP)
        machine.write(agent_conf.CONF, image.file("manager.example"), image.mode)
        machine.write("/var/ossec/etc/authd.pass", scripted_manager.PASSWORD + "\n", 0o640)
        machine.path("/etc/agent-register").mkdir(exist_ok=True)
        manager = start_manager(machine)
        with machine.boot() as system:
            system.wait_until_booted()
            assert manager.requests == [] and len(machine.agent_starts()) == 1
            page.carry_out("The configuration", agent=system)
            page.carry_out("Register", agent=system)
            system.wait_for_start("wazuh-agent", count=2)
            assert scripted_manager.KEY not in system.run("cat report.txt").stdout
            page.carry_out("Without it", agent=system)
    request = f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'"
    assert [request for request in manager.requests if request] == [request]
    assert machine.agent_starts()[-1][-1].startswith("007 web-01 any ")
