# SPDX-License-Identifier: ISC
"""How OSSEC and Wazuh are installed: their units, with stand-ins for the programs. Like the real
agents, a stand-in without a key ends with an error; what an OSSEC agent and its manager have in
common is installed by both."""
import re

import agent_machine

# What the daemons and the control script write down: what an agent would have found.
STARTS = "/var/agent-starts"
RECORD = f"{{ cat $etc/client.keys; echo .; }} >>{STARTS}"
HAS_KEY = '[ -s $etc/client.keys ] || { echo "No keys; exiting" >&2; exit 1; }'

CONTROL = """\
#!/bin/sh
etc=$(dirname $(dirname $(realpath $0)))/etc
case $1 in
start)
	{check}
	{record}
	sleep infinity >/dev/null 2>&1 &
	echo $! >$etc/pid ;;
stop) kill $(cat $etc/pid) ;;
esac
"""

DAEMON = """\
#!/bin/sh
etc=/var/ossec/etc
{check}
[ $1 = -t ] || exec sleep infinity
{record}
"""

CONTROL_UNIT = """\
[Unit]
Description={name}
After=network.target
[Service]
Type=forking
EnvironmentFile=-/etc/ossec-init.conf
Environment=DIRECTORY=/var/ossec
ExecStart=/usr/bin/env {directory}/bin/ossec-control start
ExecStop=/usr/bin/env {directory}/bin/ossec-control stop
[Install]
WantedBy=multi-user.target
"""

INIT_SCRIPT = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides:          ossec
# Required-Start:    $remote_fs $syslog
# Required-Stop:     $remote_fs $syslog
# Should-Start:      $network
# Should-Stop:       $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: OSSEC
### END INIT INFO
case $1 in
restart) /var/ossec/bin/ossec-control stop; /var/ossec/bin/ossec-control start ;;
*) /var/ossec/bin/ossec-control $1 ;;
esac
"""

TARGET = """\
[Unit]
Description={name}
After=network.target
{requires}
[Install]
WantedBy=multi-user.target
"""

DAEMON_UNIT = """\
[Unit]
Description={name}
PartOf={target}
[Service]
EnvironmentFile=-/etc/ossec-init.conf
Environment=DIRECTORY=/var/ossec
ExecStartPre=/usr/bin/env ${{DIRECTORY}}/bin/{name} -t
ExecStart=/usr/bin/env ${{DIRECTORY}}/bin/{name} -f
"""


def keys_at_starts(machine):
    """What the key file contained at each start of an agent or a manager."""
    if not machine.path(STARTS).exists():
        return []
    return machine.read(STARTS).split(".\n")[:-1]


def install_directory(machine, directory="/var/ossec"):
    """The agent's or manager's directory, with an empty key file, and its group."""
    machine.write("/etc/group", re.sub(r"(?m)^(wazuh|ossec):.*\n", "", machine.read("/etc/group")) +
                  f"ossec:x:{agent_machine.AGENT_GROUP}:\n")
    for place in ("etc", "bin", "queue"):
        machine.path(f"{directory}/{place}").mkdir(parents=True, exist_ok=True)
    machine.write(f"{directory}/etc/client.keys", "", 0o640)


def install_control(machine, directory="/var/ossec", check=HAS_KEY):
    install_directory(machine, directory)
    machine.write(f"{directory}/bin/ossec-control", CONTROL.format(check=check, record=RECORD),
                  0o755)


def control_unit(name, directory="/var/ossec"):
    def install(machine, check=HAS_KEY):
        install_control(machine, directory, check)
        machine.write(f"/etc/systemd/system/{name}.service",
                      CONTROL_UNIT.format(name=name, directory=directory))
        machine.enable(f"{name}.service")
    return install


def init_script(machine, check=HAS_KEY):
    """/etc/init.d/ossec, of which systemd-sysv-generator makes a unit."""
    install_control(machine, check=check)
    machine.write("/etc/init.d/ossec", INIT_SCRIPT, 0o755)
    for level in "2345":
        link = machine.path(f"/etc/rc{level}.d/S01ossec")
        link.parent.mkdir(exist_ok=True)
        link.symlink_to("../init.d/ossec")


def daemon_units(target, daemons, reader):
    """A target that requires a unit for each daemon; one of these reads the keys."""
    def install(machine, check=HAS_KEY):
        install_directory(machine)
        for name in daemons:
            machine.write(f"/var/ossec/bin/{name}", DAEMON.format(
                check=check, record=RECORD if name == reader else ":"), 0o755)
            machine.write(f"/etc/systemd/system/{name}.service",
                          DAEMON_UNIT.format(name=name, target=target))
        machine.write(f"/etc/systemd/system/{target}", TARGET.format(
            name=target, requires="\n".join(f"Requires={name}.service" for name in daemons)))
        machine.enable(target)
    return install


class Layout:
    """`unit` is what an administrator starts and stops; `install` puts it onto a machine."""

    def __init__(self, unit, install, directory="/var/ossec", parts=()):
        self.unit = unit
        self.install = install
        self.directory = directory
        self.parts = parts

    @property
    def units(self):
        return [self.unit, *self.parts]


SHARED_DAEMONS = ("ossec-execd", "ossec-logcollector", "ossec-syscheckd")

AGENTS = {
    "wazuh-agent": Layout("wazuh-agent.service", control_unit("wazuh-agent")),
    "ossec-hids": Layout("ossec-hids.service", control_unit("ossec-hids")),
    "hybrid": Layout("ossec-hids-hybrid.service",
                     control_unit("ossec-hids-hybrid", "/var/ossec/ossec-agent"),
                     "/var/ossec/ossec-agent"),
    "init script": Layout("ossec.service", init_script),
    "ossec": Layout("ossec.service", control_unit("ossec")),
    "target": Layout("ossec-agent.target", daemon_units("ossec-agent.target",
                     ("ossec-agentd", *SHARED_DAEMONS), "ossec-agentd"),
                     parts=[f"{name}.service" for name in ("ossec-agentd", *SHARED_DAEMONS)]),
}


# ------------------------------------------------------------------ managers


def init_file(kind, directory="/var/ossec"):
    return f'DIRECTORY="{directory}"\nVERSION="v3.8.0"\nDATE="x"\nTYPE="{kind}"\n'


class Manager(Layout):
    """A manager, or OSSEC of the type local, which has units of the same names and starts without
    keys. `programs` are those that tell it from an agent."""

    def __init__(self, unit, install, programs=(), kind=None, directory="/var/ossec", parts=()):
        super().__init__(unit, install, directory, parts)
        self.programs = programs
        self.kind = kind

    def install_on(self, machine):
        self.install(machine, check="")
        for name in self.programs:
            machine.write(f"{self.directory}/bin/{name}", "#!/bin/sh\n", 0o755)
        if self.kind:
            machine.write("/etc/ossec-init.conf", init_file(self.kind, self.directory), 0o600)


SERVER = ("ossec-analysisd", "ossec-monitord", "ossec-remoted")
LOCAL = ("ossec-analysisd", "ossec-monitord", "ossec-maild")
SERVER_DAEMONS = ("ossec-analysisd", "ossec-remoted", *SHARED_DAEMONS)

MANAGERS = {
    "ossec-hids": Manager("ossec-hids.service", control_unit("ossec-hids"), SERVER, "server"),
    "init script": Manager("ossec.service", init_script, SERVER, "server"),
    "local": Manager("ossec-hids.service", control_unit("ossec-hids"), LOCAL, "local"),
    "local from an init script": Manager("ossec.service", init_script, LOCAL, "local"),
    "local by its type": Manager("ossec.service", init_script, (), "local"),
    "target": Manager("ossec-server.target",
                      daemon_units("ossec-server.target", SERVER_DAEMONS, "ossec-remoted"),
                      parts=[f"{name}.service" for name in SERVER_DAEMONS]),
    "another directory": Manager("ossec-hids.service", control_unit("ossec-hids", "/opt/ossec"),
                                 SERVER, "server", "/opt/ossec"),
    "wazuh-manager": Manager("wazuh-manager.service", control_unit("wazuh-manager"),
                             ("wazuh-analysisd", "wazuh-remoted")),
}
