# SPDX-License-Identifier: ISC
"""SIGKILL at a system call, for tests that try every one of them: they are enumerated by
kill-at-syscall.c, not drawn."""
import os
import subprocess

import pytest

KILLER = os.path.join(
    os.environ.get("BUILD_DIR") or os.path.join(os.path.dirname(__file__), "..", ".."),
    "kill-at-syscall",
)
needs_killer = pytest.mark.skipif(not os.path.exists(KILLER), reason=f"needs {KILLER}")


def kill_at(number, command, environment=None, before=None):
    """Run the command until it enters its system call `number`, and kill it there. True: it
    ended before that. `before` is what a shell does first, in a mount namespace of its own."""
    shell = ["unshare", "--mount", "--propagation", "private",
             "sh", "-c", f'{before} && exec "$@"', "sh"] if before else []
    return (
        subprocess.run(
            [*shell, KILLER, str(number), *command], env=environment, cwd="/", timeout=60,
            check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL
        ).returncode
        == 3
    )
