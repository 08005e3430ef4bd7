# SPDX-License-Identifier: ISC
"""A machine as an image builder leaves it: agent-register installed and enabled, an agent
without a key."""
import re
import subprocess

import built
import nspawn
import scripted_manager

KEYS = "/var/ossec/etc/client.keys"
CONFIG = "/etc/agent-register/agent-register.conf"

# Like the unit in Wazuh's packages, but for the program: it writes down what an agent would have
# found.
AGENT_UNIT = """\
[Unit]
Description=Stand-in agent
Wants=network-online.target
After=network.target network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/var/ossec/bin/stand-in-agent

[Install]
WantedBy=multi-user.target
"""
AGENT_PROGRAM = f"""\
#!/bin/sh
{{ cut -d' ' -f1 /proc/uptime; stat -c '%A %u:%g' {KEYS}; cat {KEYS}; echo .; }} >>/var/ossec/starts
"""
AGENT_GROUP = 64997


def configuration(address="manager.example", more=""):
    """The shortest configuration that is safe; `more` is further lines."""
    return f"[manager]\naddress = {address}\n[tls]\nca_file = /etc/agent-register/ca.pem\n" \
           f"[auth]\npassword_file = /etc/agent-register/password\n{more}"


class AgentMachine(nspawn.Machine):
    def __init__(self, installation, certificates, agent=True, **options):
        self.certificates = certificates
        super().__init__(**options)
        if not options.get("like"):
            if installation:
                self.install(installation)
            if installation and not built.PACKAGED:  # packages have done both
                self.make_users()
                self.enable("agent-register.service")
            if agent:
                self.install_agent()

    def install_layer(self, layer):
        """What packages have written on another machine (cloud.make_layer()), but for the users
        that they have made: those are this machine's."""
        users = {name: self.read(f"/etc/{name}") for name in ("passwd", "group")}
        self.install(layer)
        for name, text in users.items():
            known = {line.split(":")[0] for line in text.splitlines()}
            self.write(f"/etc/{name}", text + "".join(
                line + "\n" for line in self.read(f"/etc/{name}").splitlines()
                if line.split(":")[0] not in known))

    def make_users(self):
        """As a package does when it is installed."""
        if self.path("/usr/lib/sysusers.d/agent-registrar.conf").exists():
            subprocess.run(self.enter("systemd-sysusers", "--root=/run/machine/tree",
                                      "agent-registrar.conf"), check=True)

    def install_agent(self):
        self.write("/etc/group", re.sub(r"(?m)^(wazuh|ossec):.*\n", "", self.read("/etc/group")) +
                   f"wazuh:x:{AGENT_GROUP}:\n")
        for directory, mode in (("", 0o750), ("/etc", 0o770), ("/bin", 0o750), ("/queue", 0o750)):
            path = self.path("/var/ossec" + directory)
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(mode)
        self.write("/var/ossec/bin/stand-in-agent", AGENT_PROGRAM, 0o755)
        self.write("/etc/systemd/system/wazuh-agent.service", AGENT_UNIT)
        self.enable("wazuh-agent.service")

    def configure(self, config=None, password=scripted_manager.PASSWORD):
        self.write(CONFIG, configuration() if config is None else config)
        self.write("/etc/agent-register/ca.pem", (self.certificates / "ca.pem").read_text())
        self.write("/etc/agent-register/password", password + "\n", 0o600)

    def restart_soon(self):
        """Let systemd restart agent-register after a moment, not after half a minute."""
        self.write("/etc/systemd/system/agent-register.service.d/soon.conf",
                   "[Service]\nRestartSec=200ms\n")

    def has_key(self):
        return self.path(KEYS).exists()

    def agent_starts(self):
        """What the agent saw each time it was started: lines of uptime, the key file's mode and
        owner, its content."""
        if not self.path("/var/ossec/starts").exists():
            return []
        text = self.read("/var/ossec/starts")
        return [start.splitlines() for start in text.split("\n.\n")[:-1]]
