# SPDX-License-Identifier: ISC
"""doc/containers.md, in a container without systemd."""
import agent_conf
import agent_machine
import guide
import scripted_manager

START = "/usr/local/bin/agent-entrypoint /var/ossec/bin/stand-in-agent"
SECRET = f"mkdir -p /run/secrets; echo '{scripted_manager.PASSWORD}' >/run/secrets/agent-password; "


def test_containers(machine, start_manager):
    with guide.Guide("containers") as page:
        (pem,) = [block for block in page.blocks if block.language == "pem"]
        page.values[pem.text] = (machine.certificates / "ca.pem").read_text()
        agent_conf.IMAGES["wazuh 4"].install(machine, agent_machine.AGENT_GROUP)
        machine.path("/etc/agent-register").mkdir(exist_ok=True)
        page.carry_out("In the image", agent=guide.Image(machine))
        container = guide.Container(machine)

        refused = container.run(START)
        assert refused.exit_status == 78 and "/run/secrets/agent-password" in refused.stdout
        assert not machine.has_key() and machine.agent_starts() == []

        manager = start_manager(machine)
        done = container.run(SECRET + START)
        assert done.exit_status == 0, done.stdout
        page.carry_out("In the container", agent=container)
    key = machine.read(agent_machine.KEYS)
    assert key.startswith("007 web-01 any ") and "Registered as web-01" in done.stdout
    assert agent_conf.managers(machine) == ["manager.example.org"]

    done = container.run(START)  # made anew, with its volumes
    assert done.exit_status == 0, done.stdout
    assert machine.read(agent_machine.KEYS) == key and len(machine.agent_starts()) == 2
    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'"]
