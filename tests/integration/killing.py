# SPDX-License-Identifier: ISC
"""SIGKILL at a system call, for tests that try every one that changes something outside of the
process: they are enumerated by kill-at-syscall.c, not drawn."""
import os
import subprocess

import pytest

KILLER = os.path.join(
    os.environ.get("BUILD_DIR") or os.path.join(os.path.dirname(__file__), "..", ".."),
    "kill-at-syscall",
)
# With a sanitizer, three of four calls are its own.
needs_killer = pytest.mark.skipif(
    not os.path.exists(KILLER) or "ASAN_OPTIONS" in os.environ,
    reason=f"needs {KILLER}, without sanitizers")


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


def kill_at_every_call(make_run):
    """Make runs that are killed at their first system call, at the second and so on, until one ends
    before that: each is what make_run(NUMBER) returns, with `ended` and check(). Returns what
    check() returned of each."""
    checked = []
    while not (run := make_run(len(checked) + 1)).ended:
        try:
            checked.append(run.check())
        except AssertionError as error:
            raise AssertionError(f"killed at system call {len(checked) + 1}: {error}") from error
    assert checked, "there were no calls"
    return checked


def kill_child_at(number, command, environment=None):
    """The same for the process that it makes: kill that when it enters its system call
    `number`. Returns whether that was reached, and the exit status of the command."""
    done = subprocess.run([KILLER, "--child", str(number), *command], env=environment, cwd="/",
                          timeout=60, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    status = int(done.stdout.split()[-1])
    return done.returncode == 0, status
