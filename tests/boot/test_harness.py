# SPDX-License-Identifier: ISC
"""The harness itself: whatever happens to a test, it leaves nothing behind."""
import pathlib
import signal
import subprocess
import sys
import time

import nspawn

PROGRAM = """\
import sys, time
sys.path.insert(0, sys.argv[1])
import nspawn
machine = nspawn.Machine()
machine.boot()
print(machine.name, flush=True)
time.sleep(100)
"""


def test_killed_test_leaves_nothing_behind():
    with subprocess.Popen(
        [sys.executable, "-B", "-c", PROGRAM, str(nspawn.HERE)], stdout=subprocess.PIPE, text=True
    ) as process:
        name = process.stdout.readline().strip()
        groups = [path for path in pathlib.Path("/sys/fs/cgroup").glob(f"*/{name}")] + \
                 [path for path in pathlib.Path("/sys/fs/cgroup").glob(name)]
        assert groups
        process.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    # The holder removes its control groups last, when everything in them has died.
    while any(group.exists() for group in groups) or is_running(name):
        assert time.monotonic() < end, "something is left behind"
        time.sleep(0.02)


def is_running(name):
    """Is there a process with this name on its command line, except ours?"""
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if (
                name.encode() in path.read_bytes()
                or name.replace(".", "-").encode() in path.read_bytes()
            ):
                return True
        except OSError:
            continue
    return False
