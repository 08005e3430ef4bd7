# SPDX-License-Identifier: ISC
"""The first boot of an image whose agent does not know its manager: it is told, and starts."""
import pathlib
import subprocess

import agent_conf
import agent_machine
import pytest
import scripted_manager

SET = "[agent]\nset_manager = yes\n"
OFF = "own_enrollment = off\n"
LINE = f"007 web-01 any {scripted_manager.KEY}"


@pytest.fixture(params=agent_conf.IMAGES, name="image")
def fixture_image(request):
    return agent_conf.IMAGES[request.param]


@pytest.fixture(name="golden")
def fixture_golden(machine, image):
    """A machine made from that image."""
    image.install(machine, agent_machine.AGENT_GROUP)
    return machine


def owner_and_mode(machine):
    status = machine.path(agent_conf.CONF).stat()
    return status.st_uid, status.st_gid, status.st_mode


def test_the_agent_finds_its_manager(golden, image, start_manager):
    golden.configure(agent_machine.configuration(more=SET))
    manager = start_manager(golden)
    before = owner_and_mode(golden)
    with golden.boot() as system:
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        assert system.show(image.unit)["ActiveState"] == "active"
    assert len(manager.requests) == 1
    assert agent_conf.managers(golden) == [image.told]
    assert golden.read(agent_conf.CONF) == agent_conf.told(image)
    assert owner_and_mode(golden) == before
    with golden.boot() as system:  # and there is nothing to do any more
        assert system.wait_until_booted() == "running"
    assert agent_conf.managers(golden) == [image.told] * 2 and len(manager.requests) == 1


def test_without_set_manager_it_does_not_start(golden, image, start_manager):
    """What the other tests are about: the stand-ins are as strict as the real agents."""
    golden.configure()
    start_manager(golden)
    with golden.boot() as system:
        assert system.wait_until_booted() == "degraded"
        system.wait_for_exit("agent-register")
        assert system.show(image.unit)["ActiveState"] == "failed"
        said = system.run(f"journalctl -q -b -o cat -u {image.unit}").stdout
    assert said.count("(4112): Invalid server address found") == 1, said
    assert golden.read(agent_conf.CONF) == image.file(image.placeholder)


@pytest.fixture(name="wazuh")
def fixture_wazuh(machine):
    """A machine made from an image with Wazuh 4."""
    agent_conf.IMAGES["wazuh 4"].install(machine, agent_machine.AGENT_GROUP)
    return machine


def test_enrollment_off(golden, image, start_manager):
    golden.configure(agent_machine.configuration(more=SET + OFF))
    start_manager(golden)
    with golden.boot() as system:
        assert system.wait_until_booted() == "running"
    assert golden.read(agent_conf.CONF) == agent_conf.with_enrollment(image,
                                                                      "<enabled>no</enabled>")
    assert agent_conf.enrolls(golden) == [
        f"enabled={'no' if image.block else ''} agent_name= groups="]


def test_enrollment_as_the_same(golden, image, start_manager):
    """An agent that enrolls again, as those do that do so by themselves, has the name and the
    groups of the registration."""
    golden.configure(agent_machine.configuration(
        more=f"{SET}own_enrollment = same\nname = db-%H\ngroups = web,db\n"))
    start_manager(golden)
    with golden.boot() as system:
        assert system.wait_until_booted() == "running"
    assert golden.read(agent_conf.CONF) == agent_conf.with_enrollment(
        image, "<agent_name>db-web-01</agent_name>", "<groups>web,db</groups>")
    name, groups = ("db-web-01", "web,db") if image.block else ("", "")
    assert agent_conf.enrolls(golden) == [f"enabled= agent_name={name} groups={groups}"]
    assert golden.read(agent_machine.KEYS) == LINE.replace("web-01", "db-web-01") + "\n"


def test_an_agent_that_runs_with_a_key_is_told_and_restarted(wazuh, start_manager):
    """An image of before, whose key is there and whose agent has found a placeholder."""
    wazuh.configure()
    start_manager(wazuh)
    with wazuh.boot() as system:
        assert system.wait_until_booted() == "degraded"
        assert system.run(f"sed -i s/MANAGER_IP/another/ {agent_conf.CONF}; "
                          "systemctl restart wazuh-agent").exit_status == 0
        wazuh.configure(agent_machine.configuration(more="[agent]\nset_manager = force\n"))
        assert system.run("systemctl restart agent-register").exit_status == 0
        found = system.run(f"tail -n +1 -F {agent_conf.MANAGERS} | grep -m 1 manager.example")
        assert found.stdout == "manager.example\n"
    found = agent_conf.managers(wazuh)
    assert (found[0], found[-1], len(set(found))) == ("another", "manager.example", 2)
    assert wazuh.read(agent_conf.CONF) == agent_conf.told(agent_conf.IMAGES["wazuh 4"])


def test_a_file_that_cannot_be_understood_asks_nobody(wazuh, start_manager):
    wazuh.configure(agent_machine.configuration(more=SET))
    manager = start_manager(wazuh)
    wazuh.write(agent_conf.CONF, "<ossec_config>\n<client>\n</ossec_config>\n")
    with wazuh.boot() as system:
        assert system.wait_until_booted() == "degraded"
        status = system.show("agent-register")
    assert (status["ActiveState"], status["ExecMainStatus"]) == ("failed", "78")
    assert "ossec.conf: line 2: an element is not closed" in status["StatusText"]
    assert manager.requests == [] and not wazuh.has_key()


@pytest.fixture(scope="session")
def die_at_rename(tmp_path_factory):
    """The library that kills the program where it would store a file."""
    source = pathlib.Path(__file__).resolve().parents[1] / "support/die-at-rename.c"
    library = tmp_path_factory.mktemp("die-at-rename") / "die-at-rename.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-D_GNU_SOURCE", "-o", library,
                    source], check=True)
    return library.read_bytes()


@pytest.mark.parametrize("file", ["ossec.conf", "client.keys"])
def test_killed_between_file_and_key(wazuh, start_manager, die_at_rename, file):
    """An agent that finds a key finds its manager; and the next start does the rest."""
    wazuh.configure(agent_machine.configuration(more=SET))
    wazuh.restart_soon()
    wazuh.write("/usr/local/lib/die-at-rename.so", die_at_rename, 0o755)
    wazuh.write("/etc/systemd/system/agent-register.service.d/die.conf",
                "[Service]\nEnvironment=LD_PRELOAD=/usr/local/lib/die-at-rename.so\n"
                f"Environment=DIE_AT={file}\n")
    manager = start_manager(wazuh)
    with wazuh.boot() as system:
        system.wait_until_booted()
        system.wait_for_start("wazuh-agent")
        status = system.show("agent-register")
    assert status["NRestarts"] == "1" and len(manager.requests) == 2
    assert agent_conf.managers(wazuh) == ["manager.example"]
    assert wazuh.read(agent_machine.KEYS) == LINE + "\n"
    assert wazuh.read(agent_conf.CONF) == agent_conf.told(agent_conf.IMAGES["wazuh 4"])
    assert sorted(path.name for path in wazuh.path("/var/ossec/etc").iterdir()) == [
        "client.keys", "ossec.conf"]


@pytest.mark.parametrize("file", ["ossec.conf", "client.keys"])
def test_power_is_cut_between_file_and_key(wazuh, start_manager, die_at_rename, file):
    """The same without a next start in this boot."""
    image = agent_conf.IMAGES["wazuh 4"]
    drop_in = "/etc/systemd/system/agent-register.service.d/die.conf"
    wazuh.configure(agent_machine.configuration(more=SET))
    wazuh.write("/usr/local/lib/die-at-rename.so", die_at_rename, 0o755)
    wazuh.write(drop_in, "[Service]\nEnvironment=LD_PRELOAD=/usr/local/lib/die-at-rename.so\n"
                f"Environment=DIE_AT={file}\nRestart=no\n")
    manager = start_manager(wazuh)
    with wazuh.boot() as system:
        system.wait_for_property("agent-register", "ActiveState", "failed")
        system.cut_power()
    assert wazuh.read(agent_conf.CONF) == (
        agent_conf.told(image) if file == "client.keys" else image.file(image.placeholder))
    assert not wazuh.has_key() and agent_conf.managers(wazuh) == []
    wazuh.path(drop_in).unlink()
    with wazuh.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
    assert len(manager.requests) == 2 and agent_conf.managers(wazuh) == ["manager.example"]
    assert wazuh.read(agent_machine.KEYS) == LINE + "\n"
    assert wazuh.read(agent_conf.CONF) == agent_conf.told(image)
    assert sorted(path.name for path in wazuh.path("/var/ossec/etc").iterdir()) == [
        "client.keys", "ossec.conf"]
