# SPDX-License-Identifier: ISC
"""SIGKILL at every system call of an enrollment with Wazuh 5: a new key
on the disk says that its secret and the CA are there, an old key stays as it was, and the next
run puts right what is half done."""
import os

import pytest
from enroll_tools import PASSWORD, Enrollment
from killing import kill_at, kill_at_every_call, needs_killer
from machine import OLD_LINE, Machine

pytestmark = needs_killer
OLD_SECRET = f"007 {'7' * 64}\n"


class KilledRun(Enrollment):
    """A machine whose enrollment was killed when it entered its system call number `number`."""

    def __init__(self, directory, certificates, server, number, old_key):
        super().__init__(Machine(directory, certificates))
        self.server, self.old_key, self.name = server, old_key, f"web-{number}"
        if old_key:
            self.machine.install_key()
            with open(self.secret_file, "w", encoding="ascii") as file:
                file.write(OLD_SECRET)
        self.chosen = {**self.options(manager=server, password=PASSWORD), "name": self.name}
        self.ended = kill_at(number, self.machine.command(force=old_key, **self.chosen),
                             self.machine.environment())

    def has_new_key(self):
        keys = self.machine.read_keys()
        return keys is not None and keys != OLD_LINE.encode()

    def check_new_key(self):
        number, name, _, key = self.machine.read_keys().decode().split()
        assert self.server.agents[number] == (name, key, self.read(self.secret_file).split()[1])
        assert self.read(self.secret_file).split()[0] == number
        assert "BEGIN CERTIFICATE" in self.read(self.anchor_file)

    def check(self):
        stored = self.has_new_key()
        if stored:
            self.check_new_key()
        result = self.machine.register(**self.chosen, force=self.old_key and not stored)
        assert result.status == 0, result
        self.check_new_key()
        left = [name for name in self.machine.files() if name.startswith(".")]
        assert not left + [
            name for name in os.listdir(os.path.dirname(self.anchor_file)) if name.startswith(".")
        ], left
        return stored


@pytest.mark.parametrize("old_key", [False, True], ids=["no-key", "old-key"])
def test_kill_at_every_system_call(tmp_path, certificates, enrollment, start_wazuh5, old_key):
    del enrollment  # which skips without the module
    server = start_wazuh5(password=PASSWORD)
    server.replaces = True  # what a killed run has enrolled
    stored = kill_at_every_call(
        lambda number: KilledRun(tmp_path / str(number), certificates, server, number, old_key))
    assert stored == sorted(stored) and set(stored) == {False, True}
