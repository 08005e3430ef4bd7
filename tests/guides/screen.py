# SPDX-License-Identifier: ISC
"""What an administrator has in front of him: a terminal of 80 columns in a machine."""
import re
import subprocess
import types

import nspawn
import terminal

COLUMNS = 80


def lines_on_screen(text):
    """A terminal breaks a line at its last column."""
    return "".join(re.sub(rf"(.{{{COLUMNS}}})(?=.)", r"\1\n", line) for line in
                   text.splitlines(keepends=True))


class Screen:
    """Commands are typed there, as `user`; see guide.Guide.carry_out."""

    def __init__(self, system, user=None):
        self.machine = system.machine
        self.system = system
        self.user = user

    def run(self, script):
        script = "export TERM=xterm NO_COLOR=1 SYSTEMD_PAGER=; " + script
        command = self.system._command(script)  # pylint: disable=protected-access
        if self.user:
            at = command.index("sh")
            command[at:at] = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}",
                              "--clear-groups"]
        with terminal.terminal(COLUMNS) as screen:
            done = subprocess.run(command, stdin=screen.far, stdout=screen.far, stderr=screen.far,
                                  timeout=nspawn.PATIENCE, check=False)
            text = screen.text.replace("\r", "")  # systemctl's messages have some of their own
        return types.SimpleNamespace(exit_status=done.returncode, stdout=lines_on_screen(text))
