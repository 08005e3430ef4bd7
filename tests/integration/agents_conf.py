# SPDX-License-Identifier: ISC
"""The agent's own etc/ossec.conf, as the installers of the packages leave it."""
import os

WAZUH_4 = """\
<!--
  Wazuh - Agent - Default configuration
-->

<ossec_config>
  <client>
{servers}\
    <config-profile>debian, debian12</config-profile>
    <notify_time>10</notify_time>
    <time-reconnect>60</time-reconnect>
    <auto_restart>yes</auto_restart>
    <crypto_method>aes</crypto_method>
{enrollment}\
  </client>

  <client_buffer>
    <!-- Agent buffer options -->
    <disabled>no</disabled>
  </client_buffer>
</ossec_config>
"""

SERVER = """\
    <server>
      <address>{}</address>
      <port>1514</port>
      <protocol>tcp</protocol>
    </server>
"""


def wazuh_4(*servers, **enrollment):
    """The file, with values in <enrollment>: WAZUH_MANAGER (a list), WAZUH_REGISTRATION_* and
    so on are written like this."""
    block = "".join(f"      <{name}>{value}</{name}>\n" for name, value in enrollment.items())
    return WAZUH_4.format(
        servers="".join(SERVER.format(server) for server in servers or ["MANAGER_IP"]),
        enrollment=f"    <enrollment>\n{block}    </enrollment>\n" if block else "")


def line_of(text, words):
    """The number of the last line with these words."""
    return [number for number, line in enumerate(text.split("\n"), 1) if words in line][-1]


class AgentsConf:
    """The file of a machine's agent."""

    def __init__(self, machine):
        self.machine = machine
        self.path = os.path.join(machine.etc, "ossec.conf")

    def install(self, version="4.14.7"):
        with open(os.path.join(self.machine.agent, "VERSION.json"), "w", encoding="ascii") as file:
            file.write(f'{{"version": "{version}", "stage": "rc1"}}\n')

    def write(self, text, version="4.14.7"):
        """Returns the text."""
        self.install(version)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        return text

    def at(self, words):
        """FILE:LINE of these words."""
        with open(self.path, encoding="utf-8") as file:
            return f"{self.path}:{line_of(file.read(), words)}"

    def put(self, name, content, mode=0o640):
        """A file below the agent's directory."""
        path = os.path.join(self.machine.agent, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return path
