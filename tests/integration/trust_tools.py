# SPDX-License-Identifier: ISC
"""An agent whose manager changes its CA, for the tests of `agent-register trust`."""
import os

from enroll_tools import CREDENTIAL, PASSWORD, SECRET, TOKEN_ID, Enrollment, read
from machine import EXIT_CODES
from wazuh5_manager import CACERTS

OLD_SECRET = f"007 {'7' * 64}\n"


def bundle(certificates, *names, between="", generation=None):
    """The CAs of these names as a file holds them."""
    title = f"## wazuh-ca-bundle\n## generation: {generation}\n" if generation else ""
    return title + between.join(read(certificates.ca(name)) for name in names)


class TrustedManager(Enrollment):
    """A registered agent: its key, its secret, and (`stored`) its CA."""

    def __init__(self, machine, stored=None):
        super().__init__(machine)
        machine.install_key()
        with open(self.secret_file, "w", encoding="ascii") as file:
            file.write(OLD_SECRET)
        if stored is not None:
            self.store(stored)
        self.others = self.untouched()

    def store(self, text):
        os.makedirs(os.path.dirname(self.anchor_file), exist_ok=True)
        with open(self.anchor_file, "w", encoding="ascii") as file:
            file.write(text)

    def untouched(self):
        """All of the agent's but its CA."""
        return {path: what for path, what in self.machine.snapshot().items()
                if not path.startswith(os.path.dirname(self.anchor_file))}

    def options(self, manager=None, token=None, password=None, trust=None, **settings):
        return super().options(manager, token, password, trust, **settings)

    def trust(self, *arguments, **options):
        result = self.run("trust", *arguments, **options)
        assert self.untouched() == self.others, result
        assert not os.path.exists(f"{os.path.dirname(self.anchor_file)}/.root-ca.pem.new"), result
        return result

    def takes(self, expected, *words, server=None, **options):
        """The certificates change to those, and nothing but they was asked for."""
        before = self.read(self.anchor_file)
        result = self.trust(manager=server, **options)
        assert result.status == 0 and result.stderr == "", result
        assert self.read(self.anchor_file) == expected, result
        assert os.stat(self.anchor_file).st_mode & 0o7777 == 0o640
        assert self.read(f"{self.anchor_file}.old") == before
        for word in words:
            assert word in result.stdout, result
        assert f"Stored in {self.anchor_file}.\n" in result.stdout
        return result

    def refuses(self, outcome, *words, server=None, **options):
        """Nothing changes, with one line that says why."""
        before = self.machine.snapshot()
        result = self.trust(manager=server, **options)
        assert result.status == EXIT_CODES[outcome] and result.stdout == "", result
        for word in words:
            assert word in result.failure, result
        assert self.machine.snapshot() == before, result
        return result


__all__ = ["CACERTS", "CREDENTIAL", "PASSWORD", "SECRET", "TOKEN_ID", "TrustedManager", "bundle",
           "read"]
