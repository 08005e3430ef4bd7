# SPDX-License-Identifier: ISC
"""SIGKILL at every system call of a registration, one after the other: nothing is lost, and the
next run puts it right."""
import os
import re

import pytest
from killing import kill_at, kill_at_every_call, needs_killer
from machine import OLD_LINE, Machine
from registrar_tools import PROGRAM, serving

pytestmark = [pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}"),
              needs_killer]

NEW_LINE = re.compile(rb"\d+ web-\d+ any [0-9a-f]{64}\n")


class KilledRun:
    """A machine whose registration was killed when it entered its system call number `number`."""

    def __init__(self, directory_of_machine, certificates, registrar, number, old_key):
        self.machine = Machine(directory_of_machine, certificates)
        self.registrar = registrar
        self.old = OLD_LINE.encode() if old_key else None
        if old_key:
            self.machine.install_key()
        self.machine.write("ossec/queue/rids/1024", "0:1281:")  # of an earlier life of an id
        self.options = {"manager": f"127.0.0.1:{registrar.port}", "name": f"web-{number}"}
        self.ended = kill_at(number, self.machine.command(force=old_key, **self.options),
                             self.machine.environment())
        self.name = f"web-{number}"

    def identities(self):
        """How many the manager has given to this machine; OSSEC managers add digits to a name
        that is taken."""
        return [
            name for _, name, _, _ in self.registrar.keys() if re.fullmatch(rf"{self.name}2?", name)
        ]

    def check(self):
        """Returns whether an identity was burnt."""
        keys = self.machine.read_keys()
        stored = keys is not None and keys != self.old
        assert not stored or NEW_LINE.fullmatch(keys), keys
        given = len(self.identities())
        assert given == (1 if stored else given), "a key is stored that nobody gave"

        result = self.machine.register(**self.options, force=bool(self.old) and not stored)
        assert result.status == 0, result
        assert NEW_LINE.fullmatch(self.machine.read_keys()), result
        assert ".client.keys.new" not in self.machine.files(), result
        assert not os.path.exists(os.path.join(self.machine.state_directory, ".state.new")), result
        counters = os.listdir(os.path.dirname(self.machine.counter))
        assert counters == [], "counters of another key stay"
        assert len(self.identities()) <= 2, "more than one identity is burnt"
        if stored:
            assert self.machine.read_keys() == keys, "asked again although it had a key"
            assert len(self.identities()) == 1, "asked again although it had a key"
        return len(self.identities()) == 2


@pytest.mark.parametrize("old_key", [False, True], ids=["no-key", "old-key"])
def test_kill_at_every_system_call(tmp_path, directory, certificates, old_key):
    certificate, key = certificates.pair("good")
    with serving(directory, "-n", "-x", certificate, "-k", key) as registrar:
        checked = kill_at_every_call(
            lambda number: KilledRun(tmp_path / str(number), certificates, registrar, number,
                                     old_key))
    burnt = [number for number, has_burnt in enumerate(checked) if has_burnt]
    # Identities are burnt in one stretch only: from the request on its way to the key in its place.
    assert 1 < len(burnt) < len(checked) / 2, burnt
    assert burnt == list(range(burnt[0], burnt[-1] + 1)), burnt
