# SPDX-License-Identifier: ISC
"""The power fails in the middle of a registration, and comes back.

A power cut is a kill -9 of qemu: what the machine has in its memory, its page cache too, is
gone. The disk is ours (disk.py), so that also its cache fails honestly: of what the machine has
written but not flushed, all, nothing or a part reaches the disk."""
import agent_machine
import image
import pytest

KEYS = agent_machine.KEYS
NO_KEY, OLD_KEY = "", image.OLD_KEY_LINE + "\n"

# The moments of the cut, in their order. Each is exact: who is named stops in the middle of its
# work and cuts the power. accepted ... answered   the manager, at that step (manager.STEPS) write
# N, flush N        the disk, instead of the machine's Nth write or flush after the manager has sent
# the end of its answer. ext4 makes two flushes of each of the program's: 1 and 2 are those of the
# key's file, 3 and 4 those of its directory, with which it is in its place for good. Other programs
# write a little as well (5 and 6 are theirs), so that now and then N is earlier. started
# the test, when the agent has been started With it, the fate of what the disk's cache holds, and
# the key that the machine has when it asks: none, or that of the machine whose copy it is.
MOMENTS = [
    ("accepted", "lost", NO_KEY),
    ("encrypted", "lost", OLD_KEY),
    ("asked", "lost", NO_KEY),
    ("half", "lost", OLD_KEY),
    ("answered", "lost", NO_KEY),
    ("write 1", "lost", NO_KEY),
    ("flush 1", "lost", OLD_KEY),
    ("flush 2", "mixed", NO_KEY),
    ("flush 3", "lost", OLD_KEY),
    ("flush 3", "mixed", NO_KEY),
    ("flush 4", "lost", NO_KEY),
    ("flush 4", "kept", OLD_KEY),
    ("flush 5", "lost", NO_KEY),
    ("flush 6", "mixed", OLD_KEY),
    ("started", "lost", OLD_KEY),
]
BEFORE_AN_IDENTITY = ("accepted", "encrypted", "asked")


class Cut:
    """Cuts the power of a machine, once, at the given moment."""

    def __init__(self, machine, manager, moment, fate):
        self.machine, self.moment, self.fate = machine, moment, fate
        self.done = False
        self.operations = None  # of the disk, once they are counted
        self.unflushed = None
        manager.at = self.at_manager
        machine.disk.before = self.at_disk

    def now(self):
        self.done = True
        self.unflushed = self.machine.cut_power(self.fate)

    def at_manager(self, step):
        if self.done:
            return
        if step == "answering":
            self.operations = {"write": 0, "flush": 0}
        if step == self.moment:
            self.now()
            raise ConnectionAbortedError  # the conversation ends here

    def at_disk(self, what):
        if self.done or self.operations is None:
            return
        self.operations[what] += 1
        if f"{what} {self.operations[what]}" == self.moment:
            self.now()


def cut_in_registration(machine, manager, credentials, moment, fate, old):
    cut = Cut(machine, manager, moment, fate)
    machine.boot(credentials, kernel_arguments="" if old == NO_KEY else "test.old-key")
    if moment == "started":
        assert machine.run("until [ -s /var/ossec/starts ]; do sleep 0.02; done").exit_status == 0
        cut.now()
    machine.wait_for_power_cut()
    print(f"cut at {moment}: {cut.operations}, {cut.unflushed} blocks not flushed and {fate}")
    return cut


@pytest.mark.parametrize(
    ("moment", "fate", "old"),
    MOMENTS,
    ids=[f"{moment}-{fate}-{'old' if old else 'no'}-key" for moment, fate, old in MOMENTS],
)
def test_power_cut(moment, fate, old, machine, manager, credentials):
    cut_in_registration(machine, manager, credentials("web-01"), moment, fate, old)
    before = list(manager.identities)
    assert len(before) == (0 if moment in BEFORE_AN_IDENTITY else 1)

    machine.boot(credentials("web-01"))
    assert machine.wait_until_booted() == "running"

    # What the cut has left: the old content or the new key, never a part of either.
    found = machine.read("/run/found/etc/client.keys")
    beside = machine.run("cd /run/found; ls -A etc state 2>/dev/null").stdout.split()
    print(f"found: {found.split()[:2]} among {beside}")
    new = [line + "\n" for line in before]
    assert found in [old, *new]
    if moment == "started":
        assert found in new
    if moment in BEFORE_AN_IDENTITY or moment in ("half", "answered"):
        assert found == old
    # What follows from it: an identity is lost only when its key had not reached the disk, and
    # never a second one.
    assert len(manager.identities) == len(before) + (0 if found in new else 1)

    # However it was, it ends well, and nothing of it is left.
    key = manager.identities[-1] + "\n"
    assert machine.read(KEYS) == key
    assert machine.show("wazuh-agent")["ActiveState"] == "active"
    assert {start[-1] + "\n" for start in machine.agent_starts()} == {key}
    left = machine.run(f"ls -A {KEYS.rpartition('/')[0]} /var/lib/agent-register").stdout.split()
    assert [name for name in left if name.startswith(".") or name.endswith(".torn")] == []
    if old != NO_KEY:
        assert machine.read(KEYS + ".clone") == old
    assert machine.run("dmesg -l err,crit,alert,emerg | grep -i ext4").stdout == ""
