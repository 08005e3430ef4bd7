# SPDX-License-Identifier: ISC
"""A machine and its manager, both booted, for guides that are about both."""
import contextlib
import re

import agent_conf
import agent_machine


@contextlib.contextmanager
def booted(machine, new_manager, image=None):
    """The two systems: (SYSTEM, MANAGER_SYSTEM). The machine's agent is that of the `image`, one of
    agent_conf.IMAGES, and does not know its manager yet."""
    if image:
        agent_conf.IMAGES[image].install(machine, agent_machine.AGENT_GROUP)
    with new_manager(machine).boot() as manager_system, machine.boot() as system:
        manager_system.wait_until_booted()
        # An agent that is started without a manager, as nothing is configured yet, fails.
        system.wait_until_booted()
        yield system, manager_system


def run(system, script):
    """What it prints."""
    done = system.run(script)
    assert done.exit_status == 0, done.stdout
    return done.stdout


def initialize(manager_system, dialect):
    """Certificate and password, as a manager has made them when it was installed. Returns the
    pin."""
    made = run(manager_system, f"agent-registrar init --dialect {dialect}")
    return re.search(r"sha256//\S+", made)[0]


def start(manager_system):
    """With all that is in the manager's files now."""
    run(manager_system, "systemctl start agent-registrar")


def password(manager_system):
    return manager_system.machine.read("/var/ossec/etc/authd.pass").strip()


def has_same_key(system, manager_system):
    """Has the manager the agent's key, and no other one?"""
    key = system.machine.read(agent_machine.KEYS)
    return key and key == manager_system.machine.read(agent_machine.KEYS)
