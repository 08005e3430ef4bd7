# SPDX-License-Identifier: ISC
"""One image, any number of agents: all that makes a machine an agent comes from the hypervisor."""
import agent_machine
import message_ids


def is_running_as(machine, manager, name):
    """The agent of this name was registered in this boot, with one identity, and then started."""
    assert machine.wait_until_booted() == "running"
    (line,) = [line for line in manager.identities if line.split()[1] == name]
    (start,) = machine.agent_starts()
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", line]
    assert machine.show("wazuh-agent")["ActiveState"] == "active"
    number = line.split()[0]
    assert machine.show("agent-register")["StatusText"] == f"Registered as {name} (id {number})"
    assert machine.run("ls /etc/agent-register").stdout.split() == ["agent-register.conf"]
    return True


def test_one_image_serves_all(new_machine, manager, credentials):
    """SMBIOS strings of type 11, in binary and in plain form."""
    first, second = new_machine(), new_machine()
    first.boot(credentials=credentials("web-01"))
    assert is_running_as(first, manager, "web-01")
    first_id = first.read("/etc/machine-id")
    first.cut_power()
    first.wait_for_power_cut()

    binary = credentials("web-02")
    password = binary.pop("agent-register.password").decode()
    second.boot(credentials=binary, firmware=[
        "-smbios", f"type=11,value=io.systemd.credential:agent-register.password={password}"])
    assert is_running_as(second, manager, "web-02")
    assert second.read("/etc/machine-id") != first_id
    assert len(manager.requests) == 2


def test_firmware_configuration_of_qemu(machine, manager, credentials, tmp_path):
    """The same by qemu's own way, fw_cfg; and the key outlives a power cut and the end of the
    credentials."""
    options = []
    for name, content in credentials("web-03").items():
        (tmp_path / name).write_bytes(content)
        options += ["-fw_cfg", f"name=opt/io.systemd.credentials/{name},file={tmp_path / name}"]
    machine.boot(firmware=options)
    assert is_running_as(machine, manager, "web-03")
    machine.cut_power()
    machine.wait_for_power_cut()

    machine.boot()
    assert machine.wait_until_booted() == "running"
    assert machine.read(agent_machine.KEYS) == manager.identities[0] + "\n"
    assert machine.show("wazuh-agent")["ActiveState"] == "active"
    assert len(manager.requests) == 1


def test_image_without_credentials_is_left_alone(machine, manager):
    machine.boot()
    assert machine.wait_until_booted() == "running"
    unit, agent = machine.show("agent-register"), machine.show("wazuh-agent")
    assert (unit["ActiveState"], unit["Result"]) == ("inactive", "success")
    assert agent["ActiveState"] == "active"  # as its vendor meant: without a key
    (entry,) = machine.journal(SYSLOG_IDENTIFIER="agent-register")
    assert entry["MESSAGE_ID"] == message_ids.UNCONFIGURED
    assert machine.run("find /var/ossec/etc /var/lib/agent-register ! -type d").stdout == ""
    assert not manager.requests
