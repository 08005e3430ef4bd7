# SPDX-License-Identifier: ISC
"""agent-auth's options: what they put into the request, and which command lines are refused."""
import os
import re
import ssl
import subprocess

import pytest
from agent_auth import request, output_lines, warnings
from fake_manager import answer
from machine import KEY, PATIENCE, reply
from registrar_tools import need

PASSWORD = "Correct-Horse-Battery"

# ------------------------------------------------------------- what an option puts into the request

REQUESTS = {
    "-A": (["-A", "other"], "OSSEC A:'other'"),
    "the last -A": (["-A", "other", "-A", "third"], "OSSEC A:'third'"),
    "-A attached": (["-Aother"], "OSSEC A:'other'"),
    "-A localhost": (["-A", "localhost"], "OSSEC A:'localhost'"),
    "-A of 127": (["-A", "n" * 127], f"OSSEC A:'{'n' * 127}'"),
    "-G": (["-G", "web,db"], "OSSEC A:'web-01' G:'web,db'"),
    "-I": (["-I", "10.0.0.7"], "OSSEC A:'web-01' IP:'10.0.0.7'"),
    "-I any": (["-I", "any"], "OSSEC A:'web-01' IP:'any'"),
    "-I network": (["-I", "10.0.0.0/24"], "OSSEC A:'web-01' IP:'10.0.0.0/24'"),
    "-I IPv6": (["-I", "2001:db8::1"],
                "OSSEC A:'web-01' IP:'2001:0DB8:0000:0000:0000:0000:0000:0001'"),
    "-I IPv6 network": (["-I", "2001:db8::/32"],
                        "OSSEC A:'web-01' IP:'2001:0DB8:0000:0000:0000:0000:0000:0000/32'"),
    "-i": (["-i"], "OSSEC A:'web-01' IP:'src'"),
    "-i -G": (["-i", "-G", "web"], "OSSEC A:'web-01' G:'web' IP:'src'"),
    "extra words": (["now", "please"], "OSSEC A:'web-01'"),
    "words between": (["please", "-G", "web"], "OSSEC A:'web-01' G:'web'"),
}


@pytest.mark.parametrize("arguments, wanted", REQUESTS.values(), ids=REQUESTS.keys())
def test_request(agent_auth, start_manager, arguments, wanted):
    name = re.search(r"A:'([^']*)'", wanted)[1]
    manager = start_manager(answer(reply(name=name)))
    agent_auth.registers(f"001 {name} any {KEY}\n", manager=manager, arguments=arguments)
    assert request(manager) == wanted


@pytest.mark.usefixtures("as_root")
def test_the_host_name_is_the_default(agent_auth, start_manager):
    manager = start_manager(answer(reply(name="Melancia.example")))
    result = agent_auth.registers(f"001 Melancia.example any {KEY}\n", manager=manager, name=None,
                                  host_name="Melancia.example")
    assert request(manager) == "OSSEC A:'Melancia.example'"
    assert "INFO: Using agent name as: Melancia.example" in output_lines(result)


@pytest.mark.usefixtures("as_root")
def test_the_host_name_of_an_image_is_one_for_agent_auth(agent_auth, start_manager):
    """The agents' own program takes every host name but localhost."""
    manager = start_manager(answer(reply(name="debian")))
    agent_auth.registers(f"001 debian any {KEY}\n", manager=manager, name=None, host_name="debian")
    assert request(manager) == "OSSEC A:'debian'"


@pytest.mark.usefixtures("as_root")
def test_a_machine_without_a_host_name(agent_auth, start_manager):
    agent_auth.fails("Unable to extract hostname", "give -A", manager=start_manager(), name=None,
                     host_name="localhost")


def test_extra_words_are_told_of(agent_auth, start_manager):
    result = agent_auth.registers(manager=start_manager(), arguments=["please"], trust="ca")
    assert warnings(result) == ["Extra arguments detected. They will be ignored."]


def test_a_tells_that_it_changes_nothing(agent_auth, start_manager):
    manager = start_manager()
    result = agent_auth.registers(manager=manager, arguments=["-a"], trust="ca")
    assert len(warnings(result)) == 1 and "-a changes nothing" in warnings(result)[0]
    assert manager.conversation.version == "TLSv1.3"


def test_cipher_list(agent_auth, start_manager):
    manager = start_manager(highest=ssl.TLSVersion.TLSv1_2, certificate="rsa",
                            ciphers="AES128-GCM-SHA256:AES256-SHA256")
    seen = {}

    def script(conversation):
        conversation.handshake()
        seen["cipher"] = conversation.tls.cipher()[0]
        conversation.read_request()
        conversation.send(reply())
        conversation.finish()
    manager.script = script
    agent_auth.registers(manager=manager, arguments=["-c", "AES256-SHA256"], trust="ca")
    assert seen["cipher"] == "AES256-SHA256"


def test_client_certificate(agent_auth, start_manager, certificates):
    certificate, key = certificates.pair("agent")
    manager = start_manager(client_ca=certificates.ca())
    agent_auth.registers(manager=manager, arguments=["-x", certificate, "-k", key])
    assert (("commonName", "web-01"),) in manager.conversation.client_certificate["subject"]


def test_relative_paths(agent_auth, start_manager, certificates):
    """Runs start in the root directory."""
    agent_auth.password(PASSWORD)
    certificate, key = certificates.pair("agent")
    manager = start_manager(client_ca=certificates.ca())
    files = [os.path.relpath(each, "/") for each in
             (certificate, key, certificates.ca(), os.path.join(agent_auth.directory, "password"))]
    options = zip(["-x", "-k", "-v", "-P"], files)
    agent_auth.registers(manager=manager, arguments=[word for option in options for word in option])
    assert request(manager) == f"OSSEC PASS: {PASSWORD} OSSEC A:'web-01'"


@pytest.mark.usefixtures("as_root")
def test_group(agent_auth, start_manager):
    agent_auth.registers(manager=start_manager(), arguments=["-g", "daemon"])
    status = os.stat(agent_auth.keys)
    assert status.st_mode & 0o7777 == 0o640 and status.st_uid == 0
    assert status.st_gid == int(
        subprocess.run(
            ["getent", "group", "daemon"], check=True, capture_output=True, text=True
        ).stdout.split(":")[2]
    )


def test_unknown_group(agent_auth, start_manager):
    manager = start_manager()
    agent_auth.fails("Unable to open key file", "no-such-group", "-g", manager=manager,
                     arguments=["-g", "no-such-group"])
    assert manager.conversations == []


def test_debug(agent_auth, start_manager):
    result = agent_auth.registers(manager=start_manager(), arguments=["-d", "-d"])
    assert "agent-auth: DEBUG: Connecting to 127.0.0.1:" in result.stderr
    assert all(line.startswith("INFO: ") for line in output_lines(result))


@pytest.mark.usefixtures("ipv6")
def test_ipv6(agent_auth, start_manager):
    for host in ("::1", "[::1]"):
        manager = start_manager(address="::1")
        result = agent_auth.registers(manager=(host, manager.port), trust="ca")
        assert output_lines(result)[0] == f"INFO: Connected to [::1]:{manager.port}"


def test_interface_of_a_link_local_address(agent_auth, start_manager):
    """Interface 1 is the loopback, which has no such address: it is asked all the same."""
    manager = start_manager()
    for host in ("fe80::1", "[fe80::1]"):
        agent_auth.fails("Unable to connect to", f"[fe80::1%1]:{manager.port}",
                         manager=(host, manager.port), arguments=["-n", "1"])
    agent_auth.fails("Unable to connect to", "[fe80::1%1]:1515",
                     arguments=["-m", "fe80::1", "-n", "1"])
    agent_auth.registers(manager=manager, arguments=["-n", "7"])  # which means nothing for this one


# ------------------------------------------------------------------ the command line

REFUSED = {
    "no -m": ([], "Manager IP not set."),
    "-I and -i": (["-m", "127.0.0.1", "-I", "10.0.0.1", "-i"],
                  "Options '-I' and '-i' are uncompatible."),
    "-x without -k": (["-m", "127.0.0.1", "-x", "/certificate"], "-x needs -k"),
    "-k without -x": (["-m", "127.0.0.1", "-k", "/key"], "-k needs -x"),
    "-p 0": (["-m", "127.0.0.1", "-p", "0"], "Invalid port: '0'"),
    "-p 65536": (["-m", "127.0.0.1", "-p", "65536"], "Invalid port: '65536'"),
    "-p with junk": (["-m", "127.0.0.1", "-p", "1515x"], "Invalid port: '1515x'"),
    "-p empty": (["-m", "127.0.0.1", "-p", ""], "Invalid port: -p is empty"),
    "-n 0": (["-m", "fe80::1", "-n", "0"], "Invalid network_interface: 0"),
    "-n a name": (["-m", "fe80::1", "-n", "eth0"], "Invalid network_interface: eth0"),
    "-m with a blank": (["-m", "a b"], "Could not resolve hostname: 'a b'"),
    "-m empty": (["-m", ""], "Could not resolve hostname: -m is empty"),
    "-A with a blank": (["-m", "127.0.0.1", "-A", "a b"],
                        'Invalid agent name "a b". Please pick a valid name'),
    "-A a specifier": (["-m", "127.0.0.1", "-A", "%H"], 'Invalid agent name "%H"'),
    "-A empty": (["-m", "127.0.0.1", "-A", ""], 'Invalid agent name ""'),
    "-A of 1": (["-m", "127.0.0.1", "-A", "a"], 'Invalid agent name "a"'),
    "-A of 128": (["-m", "127.0.0.1", "-A", "n" * 128], "Invalid agent name"),
    "-A of 3000": (["-m", "127.0.0.1", "-A", "n" * 3000], "Invalid agent name"),
    "-A with a quote": (["-m", "127.0.0.1", "-A", "it's"], "Invalid agent name \"it's\""),
    "-A with a newline": (["-m", "127.0.0.1", "-A", "a\nb"], r'Invalid agent name "a\nb"'),
    "-A with escape codes": (["-m", "127.0.0.1", "-A", "\x1b[2J"], r'Invalid agent name "\x1b[2J"'),
    "-G with a blank": (["-m", "127.0.0.1", "-G", "a b"], "Invalid group name: 'a b'"),
    "-G with a quote": (["-m", "127.0.0.1", "-G", "a'b"], "Invalid group name"),
    "-I bad": (["-m", "127.0.0.1", "-I", "10.0.0.256"], "Invalid IP: '10.0.0.256'"),
    "-v missing file": (["-m", "127.0.0.1", "-v", "/no/ca"], "/no/ca"),
    "-x missing file": (["-m", "127.0.0.1", "-x", "/no/certificate", "-k", "/no/key"],
                        "/no/certificate"),
    "-c unknown": (["-m", "127.0.0.1", "-c", "FROBNICATE"], "FROBNICATE"),
}


@pytest.mark.parametrize("arguments, words", REFUSED.values(), ids=REFUSED.keys())
def test_refused_command_line(agent_auth, arguments, words):
    agent_auth.install_key()
    result = agent_auth.fails(words, arguments=arguments,
                              name=None if "-A" in arguments else "web-01")
    assert output_lines(result) == []
    assert result.state.get("last_outcome") in (None, "misconfigured")


UNKNOWN = {
    "letter": (["-Z"], "agent-auth: invalid option -- 'Z'"),
    "long": (["--manager", "127.0.0.1"], "agent-auth: unrecognized option '--manager'"),
    "no argument": (["-m"], "agent-auth: option requires an argument -- 'm'"),
}


@pytest.mark.parametrize("arguments, words", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_option(agent_auth, arguments, words):
    result = agent_auth.register(*arguments, name=None)
    assert result.status == 1 and result.stderr.endswith(f"{words}\n"), result
    assert result.stderr.count("\n") == 1, result
    assert result.stdout == ""


def test_help_and_version(agent_auth):
    shown = agent_auth.register("-h", name=None)
    assert shown.status == 0 and shown.stderr == ""
    assert set(re.findall(r"^  -(\w)\b", shown.stdout, re.M)) == set("mpADgvxkPcGIinatdVh")
    version = agent_auth.register("-V", name=None)
    assert version.status == 0, version
    assert re.fullmatch(r"agent-auth of agent-register \d\S*\n", version.stdout), version


def test_t_asks_nobody(agent_auth, start_manager):
    manager = start_manager()
    before = agent_auth.snapshot()
    result = agent_auth.register("-t", manager=manager, trust="ca")
    assert (result.status, result.stdout, result.stderr, result.state) == (0, "", "", {}), result
    assert manager.conversations == [] and agent_auth.snapshot() == before
    assert agent_auth.register("-t").status == 0


FAULTY_FILES = {
    "CA": (["-v", "/no/ca"], "/no/ca"),
    "certificate": (["-x", "/no/certificate", "-k", "/no/key"], "/no/certificate"),
    "password": (["-P", "/"], "/ is not a regular file"),
}


@pytest.mark.parametrize("arguments, words", FAULTY_FILES.values(), ids=FAULTY_FILES.keys())
def test_t_looks_at_the_files(agent_auth, start_manager, arguments, words):
    manager = start_manager()
    agent_auth.fails(words, manager=manager, arguments=["-t", *arguments])
    assert manager.conversations == [] and agent_auth.read_state() == {}


def test_no_configuration_is_read(agent_auth, machine, start_manager):
    """Neither the file nor a drop-in nor a credential. agent-register does, so the trace can
    show it."""
    strace = need("strace")
    agent_auth.write("agent-register.conf", "[nonsense]\n")
    trace = os.path.join(agent_auth.directory, "trace")
    environment = agent_auth.environment(CREDENTIALS_DIRECTORY=agent_auth.directory,
                                         ASAN_OPTIONS="detect_leaks=0")
    for command, reads in ((agent_auth.command("-t", manager=start_manager()), False),
                           (machine.command("status", config=False), True)):
        done = subprocess.run([strace, "-f", "-o", trace, "-e", "trace=file", *command],
                              check=False, timeout=PATIENCE, env=environment, capture_output=True)
        with open(trace, encoding="utf-8") as file:
            assert ("agent-register.conf" in file.read()) == reads, done
        assert (done.returncode == 0) != reads, done
