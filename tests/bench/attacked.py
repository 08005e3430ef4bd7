# SPDX-License-Identifier: ISC
"""A registrar that is attacked, and programs that attack it, for hostile-load and
connection-memory."""
import os
import re
import resource
import subprocess
import threading

HERE = os.path.dirname(os.path.realpath(__file__))


def processor_of(pid):
    """Seconds of processor time."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processes_of(pid):
    """The process, and all that it has started."""
    found = [pid]
    for each in found:
        for task in os.listdir(f"/proc/{each}/task"):
            with open(f"/proc/{each}/task/{task}/children") as file:
                found += map(int, file.read().split())
    return found


class Registrar:
    """A registrar with a directory of its own, and what it used."""

    def __init__(self, program, place, *options, api=False, descriptors=20000, agents=0,
                 environment=None):
        options = list(options)
        self.program, self.directory, self.lines, self.ports = program, place, 0, []
        self.admin("--dialect", "wazuh", "init", "--name", "localhost")
        self.fill(agents)
        if api:
            options += ["--api-port", "0"]
            self.admin("user", "admin", given=b"bench password\n")
        with open(f"{place}/etc/authd.pass") as file:
            self.password = file.read().strip()
        self.process = subprocess.Popen(
            [program, "-D", place, "--listen", "127.0.0.1", "-p", "0", *options, "serve"],
            stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                  (descriptors, descriptors)))
        for line in self.process.stderr:
            self.ports += re.findall(r"istens? on \S+ port (\d+)|istening on \S+ port (\d+)", line)
            if len(self.ports) == 1 + api:
                break
        self.ports = [one or other for one, other in self.ports]
        threading.Thread(target=self.count_lines, daemon=True).start()

    def admin(self, *arguments, given=b""):
        subprocess.run([self.program, "-D", self.directory, *arguments], check=True, input=given,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def fill(self, count):
        with open(f"{self.directory}/etc/client.keys", "w") as file:
            for i in range(1, count + 1):
                file.write(f"{i:03} agent-{i} any {i:064x}\n")

    def count_lines(self):
        for line in self.process.stderr:
            self.lines += "Registered " not in line

    def token(self):
        """Of the user of the API."""
        return subprocess.run(
            ["curl", "-sk", "-u", "admin:bench password", "-X", "POST",
             f"https://127.0.0.1:{self.ports[1]}/security/user/authenticate?raw=true"],
            check=True, capture_output=True, text=True).stdout.strip()

    def pids(self):
        """Of its two processes, keeper and front."""
        return processes_of(self.process.pid)

    def memory(self, which):
        """KiB of both: VmRSS, or its peaks VmHWM."""
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/status") as file:
                total += int(re.search(which + r":\s+(\d+)", file.read()).group(1))
        return total

    def processor(self):
        return sum(processor_of(pid) for pid in self.pids())

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids())

    def stop(self):
        self.process.terminate()
        self.process.wait()


def compile_program(place, name, *sources):
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", f"{place}/{name}",
                    *(f"{HERE}/{source}" for source in sources), "-lssl", "-lcrypto"], check=True)


def build(place):
    """Compile the programs into this directory."""
    compile_program(place, "hostile", "hostile.c", "hostile-floods.c")
    compile_program(place, "honest", "honest.c")
