# SPDX-License-Identifier: ISC
"""Names for fleets in real first boots: what they are made of comes late, and no manager is asked
with another one."""
import agent_machine
import message_ids
import name_server
import nspawn
import scripted_manager

EXAMPLES = "/usr/share/doc/agent-register/examples"
# Of the metadata service of AWS, as far as the example asks it.
CURL = """\
#!/bin/sh
case "$*" in
*api/token*) echo token ;;
*"-o /run/.agent-name"*meta-data/instance-id*) printf i-0123456789abcdef0 >/run/.agent-name ;;
*) exit 1 ;;
esac
"""


def configuration(name, more=""):
    return agent_machine.configuration(more=f"[agent]\nname = {name}\n{more}")


def request_of(name):
    return f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'{name}'"


def test_address(machine, start_manager):
    machine.configure(configuration("ip-%a"))
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        check = system.run("agent-register check")
    # and a connection without a request, by check
    assert manager.requests == [request_of(f"ip-{nspawn.MACHINE_ADDRESS}"), ""]
    assert f"name         ip-{nspawn.MACHINE_ADDRESS}" in check.stdout


def test_fqdn_of_dns(machine, start_manager):
    """The name server knows what is in its domain; it is silent at first, and the wait ends as
    soon as it answers."""
    name_server.use_dns(machine)
    with open(machine.path("/etc/resolv.conf"), "a", encoding="ascii") as file:
        file.write("search fleet.example\n")
    machine.configure(configuration(
        "%f", "[retry]\nbudget = 1 min\ninitial = 100 ms\nmax = 200 ms\n"
    ))
    manager = start_manager(machine)
    with name_server.NameServer(machine) as server, machine.boot() as system:
        failed = system.wait_for_entry(MESSAGE_ID=message_ids.UNREACHABLE)
        assert manager.requests == []
        server.mood = server.ANSWERING
        system.wait_for_start("wazuh-agent")
    assert "The FQDN of this machine is not known" in failed["MESSAGE"]
    assert manager.requests == [request_of("web-01.fleet.example")]


def test_file_of_a_unit_of_ones_own(machine, start_manager):
    """The example that is installed, with the drop-in in its comment; the metadata service is
    slow."""
    example = machine.read(f"{EXAMPLES}/agent-name.service")
    machine.write("/etc/systemd/system/agent-name.service", example)
    path, *lines = [line.removeprefix("#\t") for line in example.splitlines()
                    if line.startswith("#\t") and "name = " not in line]
    machine.write(path.removeprefix("# "), "\n".join(lines) + "\n")
    machine.write("/usr/bin/curl", CURL.replace("#!/bin/sh\n", "#!/bin/sh\nsleep 0.2\n"), 0o755)
    machine.configure(configuration("%{file:/run/agent-name}"))
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        assert system.journal(MESSAGE_ID=message_ids.NOT_READY) == []
    assert manager.requests == [request_of("i-0123456789abcdef0")]


def test_file_that_nobody_waits_for(machine, start_manager):
    """The boot goes on without the agent, and the agent comes with the file."""
    machine.configure(configuration("%{file:/run/agent-name}",
                                    "[retry]\nbudget = 0 s\ninitial = 100 ms\nmax = 200 ms\n"))
    machine.restart_soon()
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_entry(MESSAGE_ID=message_ids.NOT_READY)
        system.wait_until_booted()
        assert manager.requests == machine.agent_starts() == []
        system.run("echo blue-7 >/run/agent-name.new; mv /run/agent-name.new /run/agent-name")
        system.wait_for_start("wazuh-agent")
    assert manager.requests == [request_of("blue-7")]


PROBE = "[manager]\nprobe = yes\n[retry]\nbudget = 1 min\ninitial = 100 ms\nmax = 200 ms\n"


def test_manager_that_serves_no_agents_yet(machine, start_manager):
    """Its registration service answers all the time; it is asked when its remoted does."""
    machine.configure(agent_machine.configuration(more=PROBE))
    manager = start_manager(machine)
    with machine.boot() as system:
        failed = system.wait_for_entry(MESSAGE_ID=message_ids.UNREACHABLE)
        assert manager.requests == []
        remoted = start_manager(machine, port=1514)
        system.wait_for_start("wazuh-agent")
    assert "manager.example serves no agents" in failed["MESSAGE"]
    assert len(manager.requests) == 1 and remoted.requests == []
