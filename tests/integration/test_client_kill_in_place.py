# SPDX-License-Identifier: ISC
"""SIGKILL at every system call of a registration whose key file is a mount point of its own and is
written in place: what is left is the old key, the new one, or no key, and the next run puts it
right."""
import os
import re
import stat

import pytest
from killing import kill_at, kill_at_every_call, needs_killer
from machine import OLD_LINE, Machine, shell_words
from registrar_tools import PROGRAM, serving

pytestmark = [pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}"),
              needs_killer, pytest.mark.usefixtures("mount_namespace")]

NEW_LINE = re.compile(rb"\d+ web-\d+ any [0-9a-f]{64}\n")
# A key file that is longer than the new one, so that it has to be cut as well.
OLD = {"no key": b"",
       "old key": OLD_LINE.encode() + b"# a comment of the former administrator\n" * 30}


def read(path):
    with open(path, "rb") as file:
        return file.read()


class KilledRun:
    """A machine whose registration was killed when it entered its system call number `number`."""

    def __init__(self, directory_of_machine, certificates, registrar, number, old):
        self.machine = Machine(directory_of_machine, certificates)
        self.old = old
        self.mounted = self.machine.write("mounted", old, 0o604)
        self.machine.write("ossec/etc/client.keys", "")
        self.machine.write("ossec/queue/rids/1024", "0:1281:")  # of an earlier life of an id
        self.mount = shell_words("mount", "--bind", self.mounted, self.machine.keys)
        self.options = {"manager": f"127.0.0.1:{registrar.port}", "name": f"web-{number}",
                        "settings": {"agent.keys_in_place": "yes"}}
        self.ended = kill_at(number, self.machine.command(force=bool(old), **self.options),
                             self.machine.environment(), before=self.mount)

    def check(self):
        """Returns what the key file contained."""
        left = read(self.mounted)
        is_stored = left != self.old and NEW_LINE.fullmatch(left) is not None
        assert left == self.old or is_stored or left[:1] == b"\0", left
        kept = f"{self.machine.keys}.old"
        if self.old and left != self.old:
            assert read(kept) == self.old, "the old key is lost"

        result = self.machine.register(**self.options, before=self.mount,
                                       force=bool(self.old) and left == self.old)
        assert result.status == 0, result
        now = read(self.mounted)
        assert NEW_LINE.fullmatch(now), now
        assert now == left or not is_stored, "asked again although it had a key"
        assert stat.S_IMODE(os.stat(self.mounted).st_mode) == 0o640
        assert not [name for name in self.machine.files() if name.startswith(".")], result
        assert os.listdir(os.path.dirname(self.machine.counter)) == [], "counters stay"
        if left[:1] == b"\0":
            assert read(f"{self.machine.keys}.torn") == left
        return "new" if is_stored else "torn" if left[:1] == b"\0" else "old"


@pytest.mark.parametrize("old", OLD.values(), ids=OLD)
def test_kill_at_every_system_call(tmp_path, directory, certificates, old):
    certificate, key = certificates.pair("good")
    with serving(directory, "-n", "-x", certificate, "-k", key) as registrar:
        seen = kill_at_every_call(
            lambda number: KilledRun(tmp_path / str(number), certificates, registrar, number, old))
    assert sorted(set(seen), key=["old", "torn", "new"].index) == ["old", "torn", "new"]
    assert seen == sorted(seen, key=["old", "torn", "new"].index)
