# SPDX-License-Identifier: ISC
"""The examples of the manual pages, to be done as they stand there.

    example = manual.Example("agent-registrar.8", "systemctl mask")    the one with this text in it
    example.drop_ins        what is to be written with `systemctl edit`: a text for each unit
    example.files           what it shows of files, whose paths are comments: a text for each path
    example.carry_out(machine, system)      from its first line to its last
"""
import re

import built


class Example:
    """A literal block of a page, whose lines "# COMMAND" are commands. The lines after `systemctl
    edit UNIT` are what an administrator writes there, those after other commands what they show."""

    def __init__(self, page, contained):
        text = (built.REPOSITORY / "man" / page).read_text(encoding="utf-8")
        blocks = re.findall(r"(?ms)^\.Bd -literal.*?\n(.*?)^\.Ed", text)
        (block,) = [block for block in blocks if contained in block]
        self.steps = []
        for line in block.replace("\\e", "\\").splitlines():
            if line.startswith("# "):
                self.steps.append((line.removeprefix("# "), []))
            else:
                self.steps[-1][1].append(line)

    @property
    def drop_ins(self):
        return {command.split()[-1]: "".join(line + "\n" for line in lines)
                for command, lines in self.steps if command.startswith("systemctl edit ")}

    @property
    def files(self):
        return {path: "".join(line + "\n" for line in lines)
                for path, lines in self.steps if path.startswith("/")}

    def write_drop_ins(self, machine):
        """As `systemctl edit` does, but for the reload of systemd."""
        for unit, text in self.drop_ins.items():
            name = unit if "." in unit else f"{unit}.service"
            machine.write(f"/etc/systemd/system/{name}.d/override.conf", text)

    def carry_out(self, machine, system):
        self.write_drop_ins(machine)
        for command, _ in self.steps:
            if command.startswith("systemctl edit "):
                command = "systemctl daemon-reload"
            done = system.run(command)
            assert done.exit_status == 0, f"{command}: {done.stdout}"
