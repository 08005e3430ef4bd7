# SPDX-License-Identifier: ISC
"""Images whose agents do not know their manager yet: their own configuration has a placeholder, and
the stand-in agents refuse that as the real ones do."""
import re

DIRECTORY = "/var/ossec"
CONF = f"{DIRECTORY}/etc/ossec.conf"
MANAGERS = f"{DIRECTORY}/managers"  # what the agent found at each start
ENROLLS = f"{DIRECTORY}/enrolls"  # and whether it enrolls by itself, and as what

# What the agent looks for, in the file without its comments; the last one counts. (Wazuh's message
# is the real one.)
PROGRAM = """\
#!/bin/sh
find() {{
	tr '\\n' ' ' <{conf} | sed 's/<!--[^>]*-->//g; s/<\\('"$1"'\\)>/\\n\\1>/g' |
		sed -n 's/^[a-z_-]*>\\([^<]*\\)<.*/\\1/p' | tail -n 1
}}
manager=$(find '{element}')
case $manager in
"" | *MANAGER_IP* | 0.0.0.0 | *//IP*)
	echo "(4112): Invalid server address found: '$manager'" >&2
	exit 1 ;;
esac
echo "$manager" >>{managers}
echo "enabled=$(find enabled) agent_name=$(find agent_name) groups=$(find groups)" >>{enrolls}
{{ cut -d' ' -f1 /proc/uptime; stat -c '%A %u:%g' {keys}; cat {keys}; echo .; }} >>{starts}
"""

REST = """\
  <localfile>
    <log_format>full_command</log_format>
    <command>ss -tlnp && echo "a & b"</command>
  </localfile>
</ossec_config>

<!-- Added by hand: -->
<ossec_config>
  <syscheck>
    <frequency>43200</frequency>
  </syscheck>
</ossec_config>
"""


class Image:
    """`text` is the file, with {} for the manager, `placeholder` and `told` are what is there.
    `block` is the element of an agent that enrolls by itself; None: it does not."""

    def __init__(self, element, text, placeholder, told, mode, files, block=None,
                 unit="wazuh-agent"):
        self.element = element
        self.text = text + REST
        self.placeholder = placeholder
        self.told = told
        self.mode = mode
        self.files = files
        self.block = block
        self.unit = unit

    def file(self, manager):
        return self.text.format(manager)

    def install(self, machine, group):
        """Onto a machine with the usual stand-in agent."""
        for name, content in self.files.items():
            machine.write(name if name[0] == "/" else f"{DIRECTORY}/{name}", content, 0o750)
        if self.unit != "wazuh-agent":  # which would be Wazuh's
            machine.path("/etc/systemd/system/multi-user.target.wants/wazuh-agent.service").unlink()
            machine.path("/etc/systemd/system/wazuh-agent.service").rename(
                machine.path(f"/etc/systemd/system/{self.unit}.service"))
            machine.enable(f"{self.unit}.service")
        machine.write(CONF, self.file(self.placeholder), self.mode)
        machine.chown(CONF, 0, group)
        machine.write(f"{DIRECTORY}/bin/stand-in-agent", PROGRAM.format(
            conf=CONF, element=self.element, managers=MANAGERS, enrolls=ENROLLS,
            keys=f"{DIRECTORY}/etc/client.keys", starts=f"{DIRECTORY}/starts"), 0o755)


OSSEC = """\
<ossec_config>
  <client>
    <server-ip>{}</server-ip>
  </client>
"""
WAZUH_3 = """\
<!--
  Agent of the year 2019
  (for debian 9)
-->
<ossec_config>
  <client>
    <server>
      <address>{}</address>
      <port>1514</port>
      <protocol>udp</protocol>
    </server>
    <config-profile>debian, debian9</config-profile>
    <notify_time>10</notify_time>
    <time-reconnect>60</time-reconnect>
    <auto_restart>yes</auto_restart>
  </client>

  <!-- Buffer of the agent, <! in the old form !> too -->
  <client_buffer>
    <disabled>no</disabled>
  </client_buffer>
"""
WAZUH_3_INIT = """\
DIRECTORY="/var/ossec"
NAME="Wazuh"
VERSION="v3.13.6"
TYPE="agent"
"""
WAZUH_4 = """\
<!-- Wazuh - Agent - Default configuration -->

<ossec_config>
  <client>
    <server>
      <address>{}</address>
      <port>1514</port>
      <protocol>tcp</protocol>
    </server>
    <crypto_method>aes</crypto_method>
  </client>
"""
WAZUH_5 = """\
<ossec_config>
  <agent>
    <manager>
      <endpoint>https://{}:1517</endpoint>
    </manager>
  </agent>
"""

# An address is told by its element for names, where OSSEC has two.
IMAGES = {
    "ossec": Image("server-hostname\\|server-ip", OSSEC, "0.0.0.0", "manager.example", 0o640,
                   {"bin/ossec-agentd": "", "bin/ossec-control": ""}, unit="ossec-hids"),
    "wazuh 3": Image("address", WAZUH_3, "MANAGER_IP", "manager.example", 0o640,
                     {"bin/ossec-agentd": "", "bin/ossec-control": "",
                      "/etc/ossec-init.conf": WAZUH_3_INIT}),
    "wazuh 4": Image("address", WAZUH_4, "MANAGER_IP", "manager.example", 0o660,
                     {"VERSION.json": '{"version": "4.14.7", "stage": "rc1"}\n',
                      "bin/wazuh-agentd": ""}, block="client"),
    "wazuh 5": Image("endpoint", WAZUH_5, "IP", "https://manager.example:1517", 0o660,
                     {"VERSION.json": '{"version": "5.0.0", "stage": "rc1"}\n',
                      "bin/wazuh-agentd": ""}, block="agent"),
}


def managers(machine):
    """What the agent found at each start that it did not refuse."""
    return machine.read(MANAGERS).splitlines() if machine.path(MANAGERS).exists() else []


def enrolls(machine):
    """Whether the agent enrolls by itself at each of these starts, and as what."""
    return machine.read(ENROLLS).splitlines()


def told(image):
    """The image's file when the agent has been told."""
    text = image.file("manager.example")
    return re.sub(r"server-ip>", "server-hostname>", text)


def with_enrollment(image, *lines):
    """That with a block of these lines, where the agent enrolls by itself."""
    text = told(image)
    if not image.block:
        return text
    block = "\n".join(["    <enrollment>", *(f"      {line}" for line in lines),
                       "    </enrollment>", f"  </{image.block}>", ""])
    assert text.count(f"  </{image.block}>\n") == 1
    return text.replace(f"  </{image.block}>\n", block)
