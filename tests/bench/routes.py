# SPDX-License-Identifier: ISC
"""When routes appear in a machine of the boot tests, by the kernel's own word."""
import contextlib
import datetime
import re
import subprocess
import tempfile
import time


class Routes:
    """What "ip monitor" has said of a machine's routes: nothing before it has ended."""
    said = ""

    def appeared(self, route):
        """When routes that begin so appeared: seconds of CLOCK_MONOTONIC."""
        wall = time.time() - time.monotonic()
        line = re.compile(rf"^\[(\S+)\] {re.escape(route)}", re.MULTILINE)
        return [
            datetime.datetime.fromisoformat(stamp).timestamp() - wall
            for stamp in line.findall(self.said)
        ]


@contextlib.contextmanager
def watched(machine):
    """Watch the routes of a machine, until the end of the context."""
    routes = Routes()
    command = machine.enter("stdbuf", "-oL", "ip", "-n", "machine", "-ts", "monitor", "route")
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(command, stdout=said) as process:
            try:
                yield routes
            finally:
                process.terminate()
        said.seek(0)
        routes.said = said.read()
