# SPDX-License-Identifier: ISC
"""The agent's own configuration as set_manager and own_enrollment find it and leave it."""
import os

SERVER = """\
    <server>
      <address>{}</address>
      <port>1514</port>
      <protocol>tcp</protocol>
    </server>
"""
WAZUH = """\
<!-- The agent's configuration: && and <!-- are no error here -->
<ossec_config>
  <client>
{servers}    <config-profile>debian, debian12</config-profile>
{more}  </client>
</ossec_config>

<ossec_config>
  <localfile>
    <log_format>full_command</log_format>
    <command>ss -tlnp && echo "a & b"</command>
  </localfile>
</ossec_config>
"""
OFF = """\
    <enrollment>
      <enabled>no</enabled>
    </enrollment>
"""
SET = ("--set", "agent.set_manager=yes")
FORCE = ("--set", "agent.set_manager=force")
NO_ENROLLMENT = ("--set", "agent.own_enrollment=off")


def wazuh(*addresses, more=""):
    return WAZUH.format(servers="".join(map(SERVER.format, addresses)), more=more)


def install(machine, text, generation="4.14.7"):
    """An agent of Wazuh, or of OSSEC (None), with that configuration."""
    if generation:
        machine.write("ossec/VERSION.json", f'{{\n    "version": "{generation}"\n}}\n')
    else:
        os.makedirs(os.path.join(machine.agent, "bin"), exist_ok=True)
        machine.write("ossec/bin/ossec-agentd", "")
    path = machine.write("ossec/etc/ossec.conf", text, 0o640)
    return path


def read(machine):
    with open(os.path.join(machine.etc, "ossec.conf"), "rb") as file:
        return file.read().decode()


def register(machine, manager, *options, **more):
    return machine.register(*options, manager=manager, **more)


ENDPOINT = "<ossec_config>\n  <agent>\n    <manager>\n      <endpoint>{}</endpoint>\n" \
           "    </manager>\n  </agent>\n</ossec_config>\n"
