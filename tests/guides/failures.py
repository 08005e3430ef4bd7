# SPDX-License-Identifier: ISC
"""Machines that cannot register, one for each screen of doc/troubleshooting.md."""
import contextlib

import agent_machine
import scripted_manager

CA = "/etc/agent-register/ca.pem"
ANOTHER_PIN = "sha256//JNOdhF0SNgbMNUUFNiVOwwZOoF2ULOzNgQ0zJ0z2U3M="
PATIENT = "[retry]\ninitial = 1 min\n"  # so that a start by hand ends after its first attempt
DIRECTORY = "/var/ossec/etc"


class Failures:
    """What there is to be broken: a system that runs, with its machine, and managers."""

    def __init__(self, system, certificates, directory):
        self.system, self.machine = system, system.machine
        self.certificates, self.directory = certificates, directory

    @contextlib.contextmanager
    def manager(self, certificate=None, answer=scripted_manager.want_password):
        with scripted_manager.Manager(self.machine, certificate or self.certificates, answer):
            yield

    @contextlib.contextmanager
    def commands(self, before, after):
        with self.manager():
            done = self.system.run(before)
            assert done.exit_status == 0, done.stdout
            yield
            done = self.system.run(after)
            assert done.exit_status == 0, done.stdout

    # ------------------------------------------------------------------ one for each heading

    @contextlib.contextmanager
    def configuration_missing(self):
        self.machine.configure("")
        yield

    @contextlib.contextmanager
    def typo(self):
        self.machine.configure(agent_machine.configuration().replace("address", "adress"))
        yield

    @contextlib.contextmanager
    def ca_missing(self):
        self.machine.path(CA).unlink()
        yield

    @contextlib.contextmanager
    def manager_down(self):
        self.machine.configure(agent_machine.configuration(more=PATIENT))
        yield

    @contextlib.contextmanager
    def filtered(self):
        self.machine.configure(agent_machine.configuration(more=PATIENT)
                               .replace("[tls]", "connect_timeout = 2 s\n[tls]"))
        self.machine.filter(True)
        yield
        self.machine.filter(False)

    @contextlib.contextmanager
    def no_dns(self):
        self.machine.configure(agent_machine.configuration("wazuh.example.org", PATIENT)
                               .replace("[tls]", "connect_timeout = 2 s\n[tls]"))
        yield

    def wrong_password(self):
        self.machine.configure(password="wrong")
        return self.manager()

    def wrong_pin(self):
        self.machine.configure(agent_machine.configuration().replace(
            f"ca_file = {CA}", f"pin = {ANOTHER_PIN}"))
        return self.manager()

    def another_ca(self):
        another = self.directory / "another"
        another.mkdir()
        self.machine.write(CA, (scripted_manager.make_certificates(another) / "ca.pem").read_text())
        return self.manager()

    def expired(self):
        expired = self.directory / "expired"
        expired.mkdir()
        return self.manager(
            scripted_manager.make_certificate_of(self.certificates, expired, -3, -1))

    def another_name(self):
        self.machine.configure(agent_machine.configuration().replace(
            "[auth]", "verify_name = wazuh.example\n[auth]"))
        return self.manager()

    def name_taken(self):
        return self.manager(answer=lambda _: "ERROR: Duplicate agent name: web-01\n\n")

    def placeholder(self):
        self.machine.configure(agent_machine.configuration(more=PATIENT))
        return self.commands("hostname localhost", "hostname web-01")

    def disk_full(self):
        return self.commands(f"mount -t tmpfs -o size=4k,mode=770 none {DIRECTORY} && "
                             f"! head -c 8192 /dev/zero 2>&1 >{DIRECTORY}/filler",
                             f"umount {DIRECTORY}")

    def read_only(self):
        return self.commands(f"mount -t tmpfs -o ro none {DIRECTORY}", f"umount {DIRECTORY}")

    def directory_missing(self):
        return self.commands("mv /var/ossec /var/ossec.away", "mv /var/ossec.away /var/ossec")
