# SPDX-License-Identifier: ISC
"""A manager to boot at the other end of a machine's wire: a real agent-registrar in a system of its
own.

    manager = ManagerMachine(machine, installation, certificates)
    with manager.boot() as manager_system, machine.boot() as system:
        manager_system.run("agent-registrar init --dialect wazuh")
"""
import os
import subprocess

import agent_machine


class ManagerMachine(agent_machine.AgentMachine):
    """It has nothing of a manager yet. Its address is nspawn.MANAGER_ADDRESS; where it runs, the
    manager's end of `machine` is its network."""

    def __init__(self, machine, installation, certificates, **options):
        super().__init__(installation, certificates, agent=False, network=False, **options)
        self.write("/etc/hostname", "manager.example.org\n")
        self._share_network(machine)

    def _share_network(self, machine):
        # From a process in our own namespaces, /proc has the descriptor and not the holder of the
        # other machine.
        network = os.open(f"/proc/{machine.pid}/ns/net", os.O_RDONLY)
        try:
            subprocess.run(self.enter("mount", "--bind", f"/proc/self/fd/{network}",
                                      "/run/netns/machine"), check=True, pass_fds=[network])
        finally:
            os.close(network)
