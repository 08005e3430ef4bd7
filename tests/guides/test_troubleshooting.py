# SPDX-License-Identifier: ISC
"""The screens of doc/troubleshooting.md, from machines that cannot register."""
import failures
import guide
import screen

NOBODY = 65534
ENDED = ("inactive", "failed")
# The headings, what is broken there, and whether the service goes on in the background.
FAILURES = {
    "Nothing is configured": ("configuration_missing", False),
    "A typo": ("typo", False),
    "A file is missing": ("ca_missing", False),
    "Connection refused": ("manager_down", True),
    "Timed out": ("filtered", True),
    "No name server": ("no_dns", True),
    "The wrong password": ("wrong_password", True),
    "The wrong pin": ("wrong_pin", True),
    "The wrong CA": ("another_ca", True),
    "An expired certificate": ("expired", True),
    "A certificate for another name": ("another_name", True),
    "The name is taken": ("name_taken", True),
    "The host name is none": ("placeholder", True),
    "The disk is full": ("disk_full", False),
    "The disk is read-only": ("read_only", False),
    "The agent is not installed": ("directory_missing", False),
    "An ordinary user": ("wrong_password", True),
}


def begin(system):
    """As if agent-register had never been started."""
    system.run("systemctl stop agent-register; systemctl reset-failed agent-register; "
               "rm -f /var/lib/agent-register/* /var/ossec/etc/client.keys*")
    system.machine.configure()


def test_troubleshooting(machine, certificates, tmp_path):
    machine.restart_soon()
    with guide.Guide("troubleshooting") as page, machine.boot() as system:
        system.wait_until_booted()
        places = {"agent": screen.Screen(system), "user": screen.Screen(system, NOBODY)}
        broken = failures.Failures(system, certificates, tmp_path)
        for heading, (name, goes_on) in FAILURES.items():
            begin(system)
            with getattr(broken, name)():
                system.run("systemctl restart agent-register")
                if goes_on:
                    system.wait_for_property("agent-register", "ActiveState", "active")
                    system.wait_for_status("agent-register", "Waiting for attempt")
                else:
                    system.wait_for_property("agent-register", "ActiveState", ENDED)
                page.carry_out(heading, **places)
        assert not machine.has_key()
