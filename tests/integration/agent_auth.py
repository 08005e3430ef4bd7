# SPDX-License-Identifier: ISC
"""agent-register called as agent-auth."""
import os
import re

from machine import AGENT_REGISTER, KEY, PROMPT, Machine

STAMP = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d agent-auth: "
# What only a configuration file has; who has called agent-auth has options.
SETTING = re.compile(
    r"\bin \[(manager|tls|agent|auth|retry|identity)\]|_file\b|verify_name|verify = no"
)


def output_lines(result):
    """The lines on standard output, which agent-auth prints without a time."""
    return result.stdout.splitlines()


def messages(result, level):
    """The messages of this level on standard error, where every line begins with time and
    program."""
    found = []
    for line in result.stderr.splitlines():
        match = re.fullmatch(rf"{STAMP}(ERROR|WARNING|DEBUG): (.+)", line)
        assert match, f"not a line of agent-auth: {line!r}"
        assert not SETTING.search(match[2]) or match[1] == "DEBUG", f"a setting is named: {line!r}"
        if match[1] == level:
            found.append(match[2])
    return found


def errors(result):
    return messages(result, "ERROR")


def warnings(result):
    return messages(result, "WARNING")


def request(manager):
    """The one request, without its newline."""
    sent = manager.conversation.request.decode()
    assert sent.endswith("\n") and len(manager.conversation.records) == 1
    return sent[:-1]


class AgentAuth(Machine):
    """A Machine on which agent-auth is run."""

    def __init__(self, directory, certificates):
        super().__init__(directory, certificates)
        self.program = os.path.join(self.directory, "agent-auth")
        os.symlink(AGENT_REGISTER, self.program)
        self.default_password = os.path.join(self.etc, "authd.pass")

    def program_for_others(self):
        """A copy that is called agent-auth as well."""
        copy = super().program_for_others()
        place = os.path.join(self.directory, "for-others")
        os.makedirs(place, exist_ok=True)
        named = os.path.join(place, "agent-auth")
        if not os.path.exists(named):
            os.link(copy, named)
        return named

    def command(self, *arguments, manager=None, name="web-01", trust=None, host_name=None, **_):
        """The command line. `manager` is a Manager or (host, port); `trust` a CA; `host_name`
        gives the machine one."""
        command = [self.program, "--state", self.state_directory, "-D", self.agent]
        if host_name:
            command = [
                "unshare", "--uts", "sh", "-ec", 'hostname "$0"; exec "$@"', host_name, *command
            ]
        if manager:
            host, port = manager if isinstance(manager, tuple) else (manager.host, manager.port)
            command += ["-m", host, "-p", str(port)]
        if trust:
            command += ["-v", self.certificates.ca(trust)]
        if name:
            command += ["-A", name]
        return command + list(arguments)

    def registers(self, line=None, manager=None, within=PROMPT, **options):
        """Run, and expect a stored key and all of agent-auth's lines. Returns the Result."""
        arguments = options.pop("arguments", ())
        result = self.register(*arguments, manager=manager, **options)
        assert result.status == 0, result
        assert errors(result) == [], result
        assert self.read_keys() == (line or f"001 web-01 any {KEY}\n").encode(), result
        assert output_lines(result)[-3:] == [
            "INFO: Received response with agent key",
            "INFO: Valid key created. Finished.",
            "INFO: Connection closed.",
        ], result
        assert result.seconds < within, result
        return result

    def fails(self, *words, arguments=(), manager=None, within=PROMPT, **options):
        """Run, and expect exit status 1, one line that holds all `words`, and nothing changed.
        Returns the Result."""
        before = self.snapshot()
        result = self.register(*arguments, manager=manager, **options)
        assert result.status == 1, result
        assert len(errors(result)) == 1, result
        for word in words:
            assert word in errors(result)[0], result
        assert "INFO: Valid key created. Finished." not in output_lines(result), result
        assert result.seconds < within, result
        assert self.snapshot() == before, result
        return result
