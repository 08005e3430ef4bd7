# SPDX-License-Identifier: ISC
"""The three examples of the page agent-auth in OSSEC's documentation, line by line.

The page was published without the manager's address behind "Connected to" (and behind -m in the
first example), its second and third example are cut after the agent's name, and the first one
shows the output of a run without -A. What is missing there is taken from the first example. The
certificates are made with the commands of the page ossec-authd and, for the CA, of Wazuh's page
on the registration service."""
import os
import subprocess

import pytest
from agent_auth import errors, output_lines, warnings
from machine import shell_words
from registrar_tools import PROGRAM, serving

pytestmark = pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")

MANAGER = "ossec-manager.localdomain"
HOST_NAME = "melancia"

ADDING = """\
INFO: Connected to
INFO: Using agent name as: melancia
INFO: Send request to manager. Waiting for reply.
INFO: Received response with agent key
INFO: Valid key created. Finished.
INFO: Connection closed.
""".splitlines()
VERIFYING = """\
INFO: Connected to
INFO: Verifying manager's certificate
INFO: Using agent name as: melancia
""".splitlines()
PRESENTING = """\
INFO: Connected to
INFO: Using agent name as: melancia
""".splitlines()


class Site:
    """A manager's installation with certificates from the documentation's commands, and the
    agent's copies of them."""

    def __init__(self, directory):
        self.directory = directory
        self.etc = directory / "etc"
        self.etc.mkdir(parents=True)
        self.ca = self.etc / "internal_CA.cert"
        self._openssl("req", "-x509", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout",
                      "rootCA.key", "-out", self.ca, "-batch", "-subj", "/C=US/ST=CA/O=Wazuh")
        self.certificate = self._issue("client", "/C=US/CN=" + HOST_NAME)
        self.key = self.certificate.with_suffix(".key")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True,
                       cwd=self.etc)

    def _issue(self, name, subject):
        certificate = self.etc / f"{name}.cert"
        self._openssl("req", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", f"{name}.key",
                      "-out", f"{name}.csr", "-batch", "-subj", subject)
        self._openssl("x509", "-req", "-days", "365", "-in", f"{name}.csr", "-CA", self.ca,
                      "-CAkey", "rootCA.key", "-out", certificate, "-CAcreateserial")
        return certificate

    def make_own_certificate(self):
        """As the page ossec-authd says."""
        self._openssl("genrsa", "-out", "sslmanager.key", "2048")
        self._openssl("req", "-new", "-x509", "-key", "sslmanager.key", "-out", "sslmanager.cert",
                      "-days", "365", "-batch", "-subj", "/C=BR/CN=ossec")

    def make_certificate_of_the_ca(self):
        self._issue("sslmanager", "/C=US/CN=" + MANAGER)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "manager")


@pytest.fixture
def hosts(agent_auth, mount_namespace):  # pylint: disable=unused-argument
    """Shell commands after which the manager's name resolves."""
    path = agent_auth.write("hosts", f"127.0.0.1 localhost {MANAGER}\n")
    return f"mount --bind {shell_words(path)} /etc/hosts"


def without_address(lines, address):
    assert lines[0] == f"INFO: Connected to {address}"
    return ["INFO: Connected to", *lines[1:]]


def check(result, address, lines, registrar, machine):
    assert result.status == 0 and errors(result) == [], result
    begin = without_address(output_lines(result), address)
    assert begin[:len(lines)] == lines
    assert begin[len(lines):] == ADDING[ADDING.index(lines[-1]) + 1:]
    assert machine.read_keys().decode() == " ".join(registrar.keys()[-1]) + "\n"


@pytest.mark.parametrize("arguments, name",
                         [((), "melancia"), (("-A", "example-agent"), "example-agent")],
                         ids=["host name", "-A"])
def test_adding_an_agent_with_a_host_name(agent_auth, site, hosts, arguments, name):
    site.make_own_certificate()
    lines = [line.replace("melancia", name) for line in ADDING]
    with serving(site.directory, "-n", "--dialect", "ossec") as registrar:
        result = agent_auth.register("-m", "127.0.0.1", "-p", str(registrar.port), *arguments,
                                     name=None, host_name=HOST_NAME, before=hosts)
        check(result, f"127.0.0.1:{registrar.port}", lines, registrar, agent_auth)
        assert registrar.keys()[-1][1] == name
    assert len(warnings(result)) == 1 and "not verified" in warnings(result)[0]


def test_adding_an_agent_and_verifying_the_certificate(agent_auth, site, hosts):
    site.make_certificate_of_the_ca()
    with serving(site.directory, "-n", "--dialect", "ossec") as registrar:
        result = agent_auth.register("-m", MANAGER, "-p", str(registrar.port), "-v", str(site.ca),
                                     name=None, host_name=HOST_NAME, before=hosts)
        check(result, f"{MANAGER}:{registrar.port}", VERIFYING, registrar, agent_auth)
    assert result.stderr == ""


def test_adding_an_agent_and_presenting_a_certificate(agent_auth, site, hosts):
    site.make_own_certificate()
    with serving(site.directory, "-n", "--dialect", "ossec", "-v", site.ca) as registrar:
        result = agent_auth.register("-m", MANAGER, "-p", str(registrar.port), "-x",
                                     str(site.certificate), "-k", str(site.key), name=None,
                                     host_name=HOST_NAME, before=hosts)
        check(result, f"{MANAGER}:{registrar.port}", PRESENTING, registrar, agent_auth)
        refused = agent_auth.register("-m", MANAGER, "-p", str(registrar.port), name="other",
                                      before=hosts)
        assert refused.status == 1 and "give -x and -k" in errors(refused)[0], refused
    assert len(warnings(result)) == 1 and "not verified" in warnings(result)[0]
