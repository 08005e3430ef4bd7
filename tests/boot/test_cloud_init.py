# SPDX-License-Identifier: ISC
"""The first boot in a cloud: the real cloud-init brings the configuration, with the user data
that we ship."""
import difflib
import os
import pathlib
import re
import subprocess
import uuid

import agent_conf
import agent_machine
import cloud
import message_ids
import pytest
import scripted_manager

INSTANCE = "i-0123456789abcdef0"
OTHER_INSTANCE = "i-0fedcba9876543210"
NAMES_EXAMPLE = cloud.EXAMPLE.replace("user-data", "names")
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def request_of(name):
    return f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'{name}'"


def key_of(name):
    return f"007 {name} any {scripted_manager.KEY}"


def wait_for_cloud_init(system):
    """What every script waits for; its words are returned when all stages went well."""
    done = system.run("cloud-init status --wait --long")
    assert (done.exit_status, "status: done" in done.stdout) == (0, True), \
        done.stdout + system.run("cat /var/log/cloud-init-output.log").stdout
    return done.stdout


def states(system):
    return [system.show(unit)["ActiveState"] for unit in ("agent-register", "wazuh-agent")]


@pytest.fixture(name="instance")
def fixture_instance(new_instance):
    """An instance with the shipped user data, of an image whose agent has MANAGER_IP in its own
    configuration, and does not start with that."""
    machine = new_instance()
    agent_conf.IMAGES["wazuh 4"].install(machine, agent_machine.AGENT_GROUP)
    machine.seed(machine.user_data(), INSTANCE)
    return machine


@pytest.fixture(name="registered")
def fixture_registered(instance, start_manager):
    """An instance after its first boot, and what its manager hears from then on."""
    manager = start_manager(instance)
    with instance.boot() as system:
        wait_for_cloud_init(system)
        assert states(system) == ["active", "active"]
    manager.requests.clear()
    return instance, manager


def test_the_example_is_what_is_shipped(instance):
    """The tests use it with the three values replaced that everybody has to replace; see
    cloud.fill_in()."""
    shipped = (REPOSITORY / "doc/examples/cloud-init-user-data.yaml").read_text()
    assert instance.example() == shipped
    assert shipped.startswith("#cloud-config\n")
    removed = [
        line.strip()
        for line in difflib.ndiff(shipped.splitlines(), instance.user_data().splitlines())
        if line.startswith("- ")
    ]
    assert removed == ["-       address = manager.example.org",
                       "-       (the lines of the certificate)",
                       "-       the registration password"]


def test_cloud_init_knows_every_word_of_the_example(instance):
    """Its own check against its own schema, which does not need a boot."""
    for user_data in (instance.example(), instance.user_data()):
        instance.write("/root/user-data", user_data)
        done = subprocess.run(
            instance.enter("chroot", "/run/machine/tree", "cloud-init", "schema", "--config-file",
                           "/root/user-data"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search("^Valid (cloud-config|schema)", done.stdout, re.MULTILINE), done.stdout


# Of a secret store: writes what it was asked for into the file behind -o.
CURL = f"""\
#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo '{scripted_manager.PASSWORD}' >"$2"
"""


def as_shipped(example):
    return example


def with_tags(example):
    """With the line that is in the template's comment in the place of the other one."""
    (first,) = re.findall(r"(?m)^ *name = {{ v1\.cloud_name.*\n", example)
    ((comment, second),) = re.findall(r"(?s)( *{# .*?\n( *name = [^\n]*\n).*?#}\n)", example)
    return example.replace(first, "").replace(comment, second)


# this cloud has no name, and no region
@pytest.mark.parametrize("chosen, name", [(as_shipped, f"unknown-None-{INSTANCE}"),
                                          (with_tags, f"db-{INSTANCE}")])
def test_names_by_jinja_and_a_secret_by_bootcmd(chosen, name, new_instance, start_manager):
    """The other example, in an image that knows its manager: cloud-init fills in the name, and
    fetches the password before agent-register looks for it."""
    machine = new_instance()
    machine.configure()
    machine.path("/etc/agent-register/password").unlink()
    machine.write("/usr/bin/curl", CURL, 0o755)
    machine.seed(chosen(machine.read(NAMES_EXAMPLE)), INSTANCE)
    tagged = machine.read(f"{cloud.SEED}/meta-data") + "tags:\n  instance:\n    Name: db\n"
    machine.write(f"{cloud.SEED}/meta-data", tagged)
    manager = start_manager(machine)
    with machine.boot() as system:
        wait_for_cloud_init(system)
        assert states(system) == ["active", "active"]
        mode = system.run("stat -c %a /etc/agent-register/password").stdout.strip()
    assert manager.requests == [request_of(name)]
    assert mode == "600"


@pytest.mark.parametrize("example", ["cloud-init-names.yaml", "agent-name.service"])
def test_the_other_examples_are_what_is_shipped(example, instance):
    installed = instance.read(f"{os.path.dirname(cloud.EXAMPLE)}/{example}")
    assert installed == (REPOSITORY / "doc/examples" / example).read_text()


def test_agent_runs_when_cloud_init_is_done(instance, start_manager):
    manager = start_manager(instance)
    with instance.boot() as system:
        wait_for_cloud_init(system)
        assert states(system) == ["active", "active"]
        register, agent, init, final, waited = (
            system.show(unit)
            for unit in ("agent-register", "wazuh-agent", instance.network_stage(),
                         "cloud-final", "agent-register-config.target")
        )
        written = system.run(
            f"stat -c '%a %U' {cloud.FRAGMENT} /etc/agent-register/password"
        ).stdout.splitlines()
        cycles = system.run(
            "journalctl -q -b -o cat | grep -iE 'ordering cycle|deleted to break'"
        ).stdout
        verified = system.run(
            "systemd-analyze verify agent-register.service wazuh-agent.service cloud-init.target"
        ).stdout
        assert system.wait_until_booted() == "running"

    name = f"web-01-{INSTANCE}"
    assert manager.requests == [request_of(name)]
    assert agent_conf.managers(instance) == ["manager.example"]
    assert "<enabled>no</enabled>" in instance.read(agent_conf.CONF)
    (start,) = instance.agent_starts()
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", key_of(name)]
    assert written == ["644 root", "600 root"]
    # Not by luck: the agent was started before the stage that runs people's commands.
    assert int(agent["ExecMainStartTimestampMonotonic"]) < int(
        final["InactiveExitTimestampMonotonic"]
    )
    # Started before the stage that writes its configuration was done, and read it after that.
    assert int(register["ExecMainStartTimestampMonotonic"]) < int(
        init["ActiveEnterTimestampMonotonic"]
    )
    assert not {"cloud-config.service", "cloud-config.target", "cloud-final.service"} & set(
        waited["After"].split()
    )
    assert cycles == ""
    assert [
        line
        for line in verified.splitlines()
        if "agent-regist" in line or "wazuh" in line or "cycle" in line
    ] == []


def test_second_boot_does_nothing(registered):
    instance, manager = registered
    key = instance.read(agent_machine.KEYS)
    with instance.boot() as system:
        wait_for_cloud_init(system)
        assert states(system) == ["active", "active"]
        assert system.journal(MESSAGE_ID=message_ids.ALREADY_REGISTERED)
    assert manager.requests == []
    assert instance.read(agent_machine.KEYS) == key
    assert len(instance.agent_starts()) == 2


def test_new_instance_id_alone_is_no_clone(registered, new_instance, start_manager):
    """Platforms renew it for machines that are no copies. A container has no hardware of its own
    that could tell the two apart; tests/qemu has machines with one."""
    original, _ = registered
    same = new_instance(like=original)
    same.seed(same.user_data(), OTHER_INSTANCE, "web-01")
    manager = start_manager(same)
    with same.boot() as system:
        wait_for_cloud_init(system)
        assert states(system) == ["active", "active"]
        (noticed,) = system.journal(MESSAGE_ID=message_ids.REBOUND)
    assert f"the instance ID changed from {INSTANCE} to {OTHER_INSTANCE}" in noticed["MESSAGE"]
    assert manager.requests == []
    assert same.agent_starts()[-1][-1] == key_of(f"web-01-{INSTANCE}")


def test_new_instance_of_a_copied_disk_is_a_clone(registered, new_instance, start_manager):
    """The image's machine id was reset, as images should be made; its key was forgotten there."""
    original, _ = registered
    copy = new_instance(like=original)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    copy.seed(copy.user_data(), OTHER_INSTANCE, "web-02")
    manager = start_manager(copy)
    with copy.boot() as system:
        wait_for_cloud_init(system)
        assert states(system) == ["active", "active"]
        assert system.journal(MESSAGE_ID=message_ids.CLONED)
    (request,) = manager.requests
    assert request.startswith(request_of(f"web-02-{OTHER_INSTANCE}"))
    assert [start[-1] for start in copy.agent_starts()] == \
        [key_of(f"web-01-{INSTANCE}"), key_of(f"web-02-{OTHER_INSTANCE}")]
    assert copy.read(agent_machine.KEYS + ".clone").strip() == key_of(f"web-01-{INSTANCE}")


# ------------------------------------------------------------------ names that are none

def waits_for_a_name(system, words):
    system.wait_for_status("agent-register", "Waiting for attempt")
    noticed = system.journal(MESSAGE_ID=message_ids.NOT_READY)
    assert noticed and words in noticed[-1]["MESSAGE"]
    return states(system)[1] == "inactive"


def test_default_instance_id_of_nocloud_makes_no_name(new_instance, start_manager):
    """What the example promises: no two instances have the same name."""
    instance = new_instance()
    instance.seed(instance.user_data(), instance=None)
    manager = start_manager(instance)
    with instance.boot() as system:
        assert waits_for_a_name(system, "'nocloud' is the same on every machine without one")
        assert manager.requests == []


def test_name_of_the_image_is_none(new_instance, start_manager):
    """... though cloud-init sets it, for want of another one."""
    instance = new_instance()
    instance.write("/etc/hostname", "debian\n")
    instance.seed(instance.user_data(), name=None)
    manager = start_manager(instance)
    with instance.boot() as system:
        assert waits_for_a_name(system, "'debian', a name that comes with images")
        assert '"debian"' in system.run("cat /var/lib/cloud/data/set-hostname").stdout
        assert manager.requests == []


@pytest.mark.parametrize("by", ["meta-data", "user data"])
def test_name_of_an_image_that_was_given_is_one(new_instance, start_manager, by):
    instance = new_instance()
    instance.write("/etc/hostname", "debian\n")
    name, more = ("debian", "") if by == "meta-data" else (None, "\nhostname: debian\n")
    instance.seed(instance.user_data() + more, INSTANCE, name)
    manager = start_manager(instance)
    with instance.boot() as system:
        wait_for_cloud_init(system)
        assert states(system) == ["active", "active"]
    assert manager.requests == [request_of(f"debian-{INSTANCE}")]


def test_configuration_that_arrives_in_runcmd(new_instance, start_manager):
    """Too late for the boot, which was not held up, and in which the agent started as its vendor
    meant; so it has to start us itself, and the agent is restarted with its key."""
    instance = new_instance()
    instance.configure("# nothing yet\n")
    instance.write("/root/site.conf", agent_machine.configuration())
    instance.seed(f"#cloud-config\nruncmd:\n  - systemctl is-active agent-register >/root/before\n"
                  f"  - cp /root/site.conf {cloud.FRAGMENT}\n  - systemctl start agent-register\n")
    instance.path(cloud.FRAGMENT).parent.mkdir(exist_ok=True)
    manager = start_manager(instance)
    with instance.boot() as system:
        wait_for_cloud_init(system)
        assert states(system)[0] == "active"
        system.wait_for_start("wazuh-agent", count=2)
        assert system.wait_until_booted() == "running"
    assert instance.read("/root/before") == "inactive\n"
    assert manager.requests == [request_of("web-01")]
    assert [len(start) for start in instance.agent_starts()] == [1, 3]


def test_manager_that_is_down_holds_cloud_init_for_the_budget_only(instance, start_manager):
    instance.write("/etc/agent-register/agent-register.conf.d/20-budget.conf",
                   "[retry]\nbudget = 500 ms\n")
    instance.restart_soon()
    with instance.boot() as system:
        wait_for_cloud_init(system)
        assert states(system) == ["activating", "inactive"] or states(system) == [
            "active",
            "inactive",
        ]
        assert system.wait_until_booted() == "running"
        assert instance.agent_starts() == []
        start_manager(instance)
        system.wait_for_start("wazuh-agent")
    (start,) = instance.agent_starts()
    assert start[-1] == key_of(f"web-01-{INSTANCE}")
