# SPDX-License-Identifier: ISC
"""doc/cloud-init.md, with the real cloud-init."""
import agent_conf
import agent_machine
import cloud
import guide
import scripted_manager


def test_cloud_init(new_instance, start_manager):
    with guide.Guide("cloud-init") as page:
        machine = new_instance()
        agent_conf.IMAGES["wazuh 4"].install(machine, agent_machine.AGENT_GROUP)
        page.carry_out("In the image", agent=guide.Image(machine))
        page.carry_out("User data")
        machine.seed(cloud.fill_in(page.files["user-data.yaml"],
                                   (machine.certificates / "ca.pem").read_text()))
        manager = start_manager(machine)
        with machine.boot() as system:
            page.carry_out("On the instance", agent=system)
            assert system.show("wazuh-agent")["ActiveState"] == "active"
    name = "web-01-i-0123456789abcdef0"
    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'{name}'"]
    assert agent_conf.managers(machine) == ["manager.example"]
    assert "<enabled>no</enabled>" in machine.read(agent_conf.CONF)


def test_the_example_says_the_same():
    """It has comments in addition."""
    page = guide.Guide("cloud-init")
    page.carry_out("User data")
    shipped = (guide.DIRECTORY / "examples/cloud-init-user-data.yaml").read_text()
    assert without_comments(page.files["user-data.yaml"]) == without_comments(shipped)


def without_comments(text):
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
