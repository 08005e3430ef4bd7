# SPDX-License-Identifier: ISC
"""The commands of agent-registrar that administer agents."""

from registrar_tools import run


class Admin:
    """The commands over one directory."""

    def __init__(self, directory):
        self.directory = directory
        self.keys = directory / "etc" / "client.keys"

    def __call__(self, *arguments, status=0, **options):
        """What the command prints; what it says on standard error is in `messages`."""
        done = run("-D", self.directory, *arguments, **options)
        assert done.returncode == status, done
        self.messages = done.stderr.replace("agent-registrar: ", "").replace("error: ", "")
        assert done.stdout == "" or status == 0
        return done.stdout

    def write(self, *lines):
        self.keys.write_text("".join(f"{line}\n" for line in lines))

    def lines(self):
        return self.keys.read_text().splitlines()
