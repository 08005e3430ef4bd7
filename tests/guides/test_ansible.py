# SPDX-License-Identifier: ISC
"""doc/ansible.md, with the real Ansible, of Debian, on the machine that it sets up."""
import shutil

import agent_conf
import agent_machine
import cloud
import guide
import pytest
import scripted_manager


@pytest.fixture(name="layer")
def fixture_layer(build, requirements, request):  # pylint: disable=unused-argument
    try:
        return cloud.make_layer(build / "test-layers", request.param)
    except cloud.CannotInstall as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("layer", ["ansible-lint"], indirect=True)
def test_lint(layer, machine):
    """What ansible-lint asks of a role that is to be published."""
    machine.install_layer(layer)
    shutil.copytree(guide.DIRECTORY / "examples/ansible", machine.path("/root/ansible"))
    with machine.boot() as system:
        system.wait_until_booted()
        linted = system.run("cd /root/ansible && ansible-lint --offline --nocolor --strict "
                            "--profile production site.yml agent_register")
        assert linted.exit_status == 0, linted.stdout


@pytest.mark.parametrize("layer", ["ansible-core"], indirect=True)
def test_ansible(layer, machine, start_manager):
    machine.install_layer(layer)
    agent_conf.IMAGES["wazuh 4"].install(machine, agent_machine.AGENT_GROUP)
    shutil.copytree(guide.DIRECTORY / "examples/ansible", machine.path("/root/ansible"))
    machine.write("/root/ansible/manager-ca.pem", (machine.certificates / "ca.pem").read_text())
    manager = start_manager(machine)
    with guide.Guide("ansible", {"(the password)": scripted_manager.PASSWORD}) as page, \
            machine.boot() as system:
        system.wait_until_booted()
        for block in page.blocks:
            if block.file:
                machine.write(f"/root/ansible/{block.file}", page.fill_in(block.text))
        page.carry_out(agent=system)
        assert system.show("wazuh-agent")["ActiveState"] == "active"
        again = system.run("cd /root/ansible && ANSIBLE_ROLES_PATH=. ansible-playbook "
                           "-i localhost, -c local -e @variables.yml site.yml")
        assert " changed=0 " in again.stdout, again.stdout
        assert scripted_manager.PASSWORD not in again.stdout
    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'"]
    assert agent_conf.managers(machine)[-1] == "manager.example.org"
