# SPDX-License-Identifier: ISC
"""agent-auth's options, its defects by name, and what a failure looks like in its words."""
import hashlib
import os
import re
import signal
import ssl
import subprocess
import threading
import time

import pytest
from agent_auth import AgentAuth, errors, told, warnings
from machine import KEY, OLD_KEY, OLD_LINE, PATIENCE, NotifySocket, reply, shell_words
from fake_manager import answer
from registrar_tools import need

OLD_HASH = hashlib.sha1(f"007web-01{OLD_KEY}".encode()).hexdigest()
PASSWORD = "Correct-Horse-Battery"
UNVERIFIED = "not verified"


def request(manager):
    """The one request, without its newline."""
    sent = manager.conversation.request.decode()
    assert sent.endswith("\n") and len(manager.conversation.records) == 1
    return sent[:-1]


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
    assert "INFO: Using agent name as: Melancia.example" in told(result)


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
    assert told(result) == [line for line in told(result) if line.startswith("INFO: ")]


@pytest.mark.usefixtures("ipv6")
def test_ipv6(agent_auth, start_manager):
    for host in ("::1", "[::1]"):
        manager = start_manager(address="::1")
        result = agent_auth.registers(manager=(host, manager.port), trust="ca")
        assert told(result)[0] == f"INFO: Connected to [::1]:{manager.port}"


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
    assert told(result) == []
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


# ------------------------------------------------------------------ the password

def test_password_file(agent_auth, start_manager):
    manager = start_manager()
    path = agent_auth.password(PASSWORD + "\n")
    result = agent_auth.registers(manager=manager, arguments=["-P", path], trust="ca")
    assert request(manager) == f"OSSEC PASS: {PASSWORD} OSSEC A:'web-01'"
    assert told(result)[0] == f"INFO: Using password specified on file: {path}"
    assert told(result)[1].startswith("INFO: Connected to ")


def test_default_password_file(agent_auth, start_manager):
    agent_auth.password(PASSWORD, name="ossec/etc/authd.pass")
    manager = start_manager()
    result = agent_auth.registers(manager=manager)
    assert request(manager) == f"OSSEC PASS: {PASSWORD} OSSEC A:'web-01'"
    assert (
        told(result)[0] == f"INFO: Using password specified on file: {agent_auth.default_password}"
    )


def test_the_option_beats_the_default_password_file(agent_auth, start_manager):
    agent_auth.password("Something-Else", name="ossec/etc/authd.pass")
    manager = start_manager()
    agent_auth.registers(manager=manager, arguments=["-P", agent_auth.password(PASSWORD)])
    assert request(manager) == f"OSSEC PASS: {PASSWORD} OSSEC A:'web-01'"


# Content of the file, what is sent: the defects of both originals, by name.
PASSWORDS = {
    "a newline in the password": ("s3cret\n", "s3cret"),
    "cut at 32 characters": ("p" * 40 + "\n", "p" * 40),
    "32 characters": ("p" * 32 + "\n", "p" * 32),
    "one character is ignored": ("x\n", "x"),
    "two characters are ignored": ("xy", "xy"),
    "cut at 2047 bytes": ("p" * 4094 + "\n", "p" * 4094),
    "blanks": (" s3 cret \n", " s3 cret "),
    "quotes": ("it's\n", "it's"),
}


@pytest.mark.parametrize("content, sent", PASSWORDS.values(), ids=PASSWORDS.keys())
@pytest.mark.parametrize("way", ["-P", "authd.pass"])
def test_password_defects(agent_auth, start_manager, way, content, sent):
    path = agent_auth.write("ossec/etc/authd.pass" if way == "authd.pass" else "file", content,
                            0o600)
    manager = start_manager()
    agent_auth.registers(manager=manager, arguments=["-P", path] if way == "-P" else [])
    assert request(manager) == f"OSSEC PASS: {sent} OSSEC A:'web-01'"


BAD_PASSWORDS = {
    "empty": ("", "is empty"),
    "only a newline": ("\n", "is empty"),
    "a carriage return": ("s3cret\r\n", "carriage return"),
    "two lines": ("s3cret\nbattery\n", "more than one line"),
    "too long": ("p" * 5000, "longer than 4094 bytes"),
    "NUL": ("s3\0cret", "NUL"),
}


@pytest.mark.parametrize("content, words", BAD_PASSWORDS.values(), ids=BAD_PASSWORDS.keys())
def test_password_files_that_no_manager_takes(agent_auth, start_manager, content, words):
    manager = start_manager()
    agent_auth.password(content, name="ossec/etc/authd.pass")
    agent_auth.fails(words, agent_auth.default_password, manager=manager)
    assert manager.conversations == []


ON_THE_COMMAND_LINE = {
    "usual": PASSWORD, "empty": "", "blanks": "a pass phrase", "like a path": "/Correct/Horse",
    "very long": "Correct-Horse" * 500
}


@pytest.mark.parametrize("password", ON_THE_COMMAND_LINE.values(), ids=ON_THE_COMMAND_LINE.keys())
@pytest.mark.parametrize("attached", [False, True], ids=["apart", "attached"])
def test_password_on_the_command_line(agent_auth, start_manager, password, attached):
    attached = attached and password != ""  # without one, -P takes the next argument
    manager = start_manager()
    result = agent_auth.fails("-P takes a file", f">{agent_auth.default_password})",
                              manager=manager,
                              arguments=[f"-P{password}"] if attached else ["-P", password])
    assert manager.conversations == []
    assert not password or password not in result.stdout + result.stderr


def test_password_is_wiped_from_the_command_line(agent_auth, start_manager):
    """Seen while the program waits for somebody to take its complaint."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"\0" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    command = agent_auth.command("-P", PASSWORD, "-P", agent_auth.write("file", "x"),
                                 manager=start_manager())
    with subprocess.Popen(command, stderr=writer, stdout=subprocess.DEVNULL) as process:
        os.close(writer)
        end = time.monotonic() + PATIENCE
        while not wipes(process.pid) and time.monotonic() < end:
            time.sleep(0.001)
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            seen = file.read()
        with open(reader, "rb") as file:
            said = file.read().lstrip(b"\0").decode()
        assert process.wait(PATIENCE) == 1
    assert b"agent-auth\0" in seen and b"-P\0" in seen and PASSWORD.encode() not in seen
    assert "-P takes a file" in said and PASSWORD not in said


def wipes(pid):
    """Has it got as far as to complain?"""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
        return "pipe" in file.read()


# ------------------------------------------------------------------ verification

def test_unverified_manager_is_warned_of(agent_auth, start_manager):
    result = agent_auth.registers(manager=start_manager(certificate="wazuh-default"))
    assert len(warnings(result)) == 1
    for words in (UNVERIFIED, "-v", "127.0.0.1:"):
        assert words in warnings(result)[0]
    assert "INFO: Verifying manager's certificate" not in told(result)


VERIFIED = {
    "subject alternative name": ("san-ipv4", "127.0.0.1"),
    "common name": ("cn-ipv4", "127.0.0.1"),
    "host name": ("san-dns", "localhost"),
    "common name, host name": ("cn-dns", "localhost"),
    "common name beside others": ("cn-beside-san", "127.0.0.1"),
}


@pytest.mark.parametrize("certificate, host", VERIFIED.values(), ids=VERIFIED.keys())
def test_verified_manager(agent_auth, start_manager, certificate, host):
    manager = start_manager(certificate=certificate)
    result = agent_auth.registers(manager=(host, manager.port), trust="ca")
    assert told(result)[:2] == [f"INFO: Connected to {host}:{manager.port}",
                                "INFO: Verifying manager's certificate"]
    assert result.stderr == ""


UNTRUSTED = {
    "other CA": "other-ca", "self-signed": "self-signed", "expired": "expired",
    "wrong name": "wrong-name", "not yet valid": "not-yet-valid", "Wazuh's own": "wazuh-default",
    "for clients": "client-only"
}


@pytest.mark.parametrize("certificate", UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_untrusted_manager_gets_nothing(agent_auth, start_manager, certificate):
    agent_auth.install_key()
    agent_auth.password(PASSWORD, name="ossec/etc/authd.pass")
    manager = start_manager(certificate=certificate)
    result = agent_auth.fails("Unable to verify server certificate: ", manager=manager, trust="ca")
    assert told(result)[-1] == "INFO: Verifying manager's certificate"
    manager.settle()
    assert manager.requests == []


# ------------------------------------------------------------------ the key file

def test_registers_though_there_is_a_key(agent_auth, start_manager):
    agent_auth.install_key()
    manager = start_manager()
    agent_auth.registers(manager=manager)
    assert request(manager) == f"OSSEC A:'web-01' K:'{OLD_HASH}'"
    with open(agent_auth.keys + ".old", encoding="ascii") as file:
        assert file.read() == OLD_LINE
    assert agent_auth.files() == ["client.keys", "client.keys.old"]
    assert not os.path.exists(agent_auth.counter)


def test_a_later_run_of_the_service_has_nothing_to_do(agent_auth, machine, start_manager):
    """State and binding are written as always."""
    manager = start_manager()
    agent_auth.registers(manager=manager)
    machine.agent, machine.state_directory = agent_auth.agent, agent_auth.state_directory
    machine.keys = agent_auth.keys
    result = machine.register(manager=manager)
    assert result.status == 0, result
    assert "Already registered as web-01 (id 001); nothing to do" in result.stderr, result
    status = machine.register("status", trust=None)
    assert f"127.0.0.1:{manager.port}" in status.stdout and "authd" in status.stdout
    assert len(manager.conversations) == 1


def test_a_key_that_is_no_key_is_kept_aside(agent_auth, start_manager):
    agent_auth.install_key("003 old 999.9.9.9 aaaa\n")
    result = agent_auth.registers(manager=start_manager(), trust="ca")
    assert agent_auth.files() == ["client.keys", "client.keys.torn"]
    assert len(warnings(result)) == 1 and "client.keys.torn" in warnings(result)[0]


def test_symbolic_link(agent_auth, start_manager):
    os.symlink(agent_auth.write("elsewhere", OLD_LINE), agent_auth.keys)
    manager = start_manager()
    agent_auth.fails("Unable to open key file: ", "symbolic link", manager=manager)
    assert manager.conversations == []


def test_no_installation(agent_auth, start_manager):
    manager = start_manager()
    agent_auth.fails("Unable to open key file: ", "give -D", manager=manager,
                     arguments=["-D", "/nowhere"])
    assert manager.conversations == []


@pytest.mark.usefixtures("mount_namespace")
def test_full_disk(agent_auth, start_manager):
    """Both originals report success and lose the old key."""
    manager = start_manager()
    old = OLD_LINE.replace(OLD_KEY, "0" * 64)
    etc, keys, line = (shell_words(each) for each in (agent_auth.etc, agent_auth.keys, old))
    result = agent_auth.register(
        manager=manager,
        after=f"cat {keys}; ls -A {etc}",
        before=f"mount -t tmpfs -o size=8k none {etc}; printf %s {line} >{keys}; "
        f"head -c 4096 /dev/zero >{etc}/filler",
    )
    assert result.status == 1 and manager.conversations == [], result
    assert result.stdout == old + "client.keys\nfiller\n"
    assert "Unable to open key file: " in errors(result)[0]
    assert "No space left on device" in errors(result)[0]


# ------------------------------------------------------------------ the manager's answers

REFUSALS = {
    "Wazuh 4.14": ([b"ERROR: Invalid password. Unable to add agent"],
                   "Invalid password. Unable to add agent (from manager) -- "),
    "Wazuh 4.12": ([b"ERROR: Duplicate agent name: web-01", b"ERROR: Unable to add agent"],
                   "Duplicate agent name: web-01 (from manager) -- "),
    "OSSEC": ([b"ERROR: Invalid agent name: web-01\n\n", b"ERROR: Unable to add agent.\n\n"],
              "Invalid agent name: web-01 (from manager) -- "),
    "busy": ([b"ERROR: Internal manager error adding agent: web-01\n\n"],
             "Internal manager error adding agent: web-01 (from manager) -- "),
    "unknown": ([b"ERROR: Come back tomorrow\n"], "Come back tomorrow (from manager)"),
    "escape codes": ([b"ERROR: \x1b[2Jx\n"], r"\x1b[2Jx (from manager)"),
    "dashes": ([b"ERROR: a -- b\n"], "a -- b (from manager)"),
    "a setting": ([b"ERROR: correct groups\n"], "correct groups (from manager)"),
    "nothing": ([b"ERROR: \n"], "says: "),
    "one digit": ([b"ERROR: 1\n"], "ERROR: 1 (from manager)"),
    "per cent": ([b"ERROR: %s%n%s\n"], "%s%n%s (from manager)"),
    "long": ([b"ERROR: " + b"x" * 5000 + b"\n"], "xxx"),
}


@pytest.mark.parametrize("ending", ["close", "close_notify", "open"])
@pytest.mark.parametrize("records, words", REFUSALS.values(), ids=REFUSALS.keys())
def test_refusal(agent_auth, start_manager, records, words, ending):
    """OSSEC's exit status is 0 when the manager says goodbye politely."""
    agent_auth.install_key()
    manager = start_manager(answer(*records, ending=ending))
    result = agent_auth.fails(words.removeprefix("ERROR: "), manager=manager, trust="ca")
    assert words in result.stderr
    assert told(result)[-1] == "INFO: Send request to manager. Waiting for reply."


ANSWERS = {
    "nothing": (
        [],
        "Unable to create key. Either wrong password or connection not accepted by the manager: ",
    ),
    "garbage": ([b"hello\n"], "Invalid key received. Closing connection: "),
    "empty key": ([b"OSSEC K:''"], "Invalid key received. Closing connection: "),
    "three fields": ([b"OSSEC K:'001 web-01 any'"], "Invalid key received. Closing connection: "),
    "empty id": ([b"OSSEC K:' web-01 any " + KEY.encode() + b"'"],
                 "Invalid key received. Closing connection: "),
    "no closing quote": ([reply()[:-1]], "Invalid key received. Closing connection: "),
    "refusal, then a key": ([b"ERROR: no\n", reply()], "no (from manager)"),
}


@pytest.mark.parametrize("ending", ["close", "close_notify"])
@pytest.mark.parametrize("records, words", ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_without_a_key(agent_auth, start_manager, records, words, ending):
    """Both originals crash, hang, or end with 0 for some of these."""
    agent_auth.install_key()
    agent_auth.fails(words, manager=start_manager(answer(*records, ending=ending)))


def test_reset_after_the_request(agent_auth, start_manager):
    agent_auth.fails("SSL read (unable to receive message): ", "reset",
                     manager=start_manager(answer(ending="reset")))


def test_key_in_pieces(agent_auth, start_manager):
    """Neither original understands it."""
    agent_auth.registers(manager=start_manager(answer(reply()[:30], reply()[30:])))


def test_key_and_no_goodbye(agent_auth, start_manager):
    """OSSEC's waits for the end of the connection, for ever."""
    agent_auth.registers(manager=start_manager(answer(reply(), ending="open")))


def test_renamed(agent_auth, start_manager):
    result = agent_auth.registers(f"1024 web-012 any {KEY}\n", trust="ca",
                                  manager=start_manager(answer(reply(id="1024", name="web-012"))))
    assert len(warnings(result)) == 1 and "web-012, not as web-01" in warnings(result)[0]


def test_manager_wants_a_certificate(agent_auth, start_manager, certificates):
    agent_auth.fails("give -x and -k", manager=start_manager(client_ca=certificates.ca()))


def test_manager_wants_a_password(agent_auth, start_manager):
    silent, telling = answer(), answer(b"ERROR: Invalid password")
    agent_auth.fails("give -P", manager=start_manager(silent))
    agent_auth.fails("Invalid password (from manager) -- ", "-P", manager=start_manager(telling))


# ------------------------------------------------------------------ ways to a manager

def test_connection_refused(agent_auth):
    agent_auth.fails("Unable to connect to", "127.0.0.1:1", "refused", manager=("127.0.0.1", 1))


def test_unresolvable_name(agent_auth):
    """OSSEC's crashes."""
    agent_auth.fails("Unable to connect to", "no-such-host.invalid",
                     manager=("no-such-host.invalid", 1515), within=PATIENCE)


@pytest.mark.usefixtures("mount_namespace")
def test_all_addresses_are_tried(agent_auth, start_manager):
    """The originals take the first."""
    manager = start_manager(address="127.0.0.2")
    hosts = agent_auth.write("hosts", "127.0.0.3 manager.test\n127.0.0.2 manager.test\n")
    agent_auth.registers(manager=("manager.test", manager.port), trust="ca",
                         before=f"mount --bind {shell_words(hosts)} /etc/hosts")


def test_plain_text_server(agent_auth, start_manager):
    def script(conversation):
        conversation.socket.sendall(b"220 mail ESMTP\r\n")
        conversation.wait_for_end()
    agent_auth.fails("SSL error", "does not speak TLS", manager=start_manager(script))


def silent_after_connecting(conversation):
    conversation.wait_for_end()


def silent_after_the_request(conversation):
    conversation.handshake()
    conversation.read_request()
    conversation.wait_for_end()


def silent_within_the_answer(conversation):
    conversation.handshake()
    conversation.read_request()
    conversation.send(b"OSSEC K:'001 web")
    conversation.wait_for_end()


def test_hang_without_timeout(agent_auth, start_manager, certificates, tmp_path):
    """The originals wait for ever; here an attempt ends after 30 seconds. All at once, so that
    they pass only once."""
    runs = []
    for number, script in enumerate(
        (silent_after_connecting, silent_after_the_request, silent_within_the_answer)
    ):
        each = AgentAuth(tmp_path / str(number), certificates)
        each.install_key()
        runs.append((each, each.snapshot(), each.start(manager=start_manager(script))))
    for each, before, run in runs:
        run.process.wait(2 * PATIENCE)
        result = run.finish()
        assert result.status == 1 and len(errors(result)) == 1, result
        assert "127.0.0.1:" in errors(result)[0], result
        assert result.seconds < 2 * PATIENCE and each.snapshot() == before


# ------------------------------------------------------------------ who calls

def test_systemd_is_not_told_for_a_caller(agent_auth, start_manager, tmp_path):
    """A service that calls agent-auth has a notification socket of its own."""
    listener = NotifySocket(tmp_path)
    agent_auth.registers(manager=start_manager(), environment=listener.environment)
    assert listener.rest() == []
    listener.close()


def test_the_journal_is_not_written_to(agent_auth, start_manager, tmp_path):
    """Its lines go to the streams also when standard error is the journal's."""
    status = os.stat(tmp_path)
    result = agent_auth.registers(
        manager=start_manager(), environment={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
    )
    assert UNVERIFIED in warnings(result)[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped(agent_auth, start_manager, number):
    agent_auth.install_key()
    before = agent_auth.snapshot()
    reached = threading.Event()

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        reached.set()
        conversation.wait_for_end()
    run = agent_auth.start(manager=start_manager(script))
    assert reached.wait(PATIENCE)
    run.kill(number)
    result = run.finish()
    assert result.status == -number and errors(result) == [] and agent_auth.snapshot() == before


@pytest.mark.usefixtures("as_root")
def test_another_user(agent_auth, start_manager):
    """The originals insist on root; here it is enough to be allowed to write."""
    os.chmod(agent_auth.etc, 0o777)
    os.makedirs(agent_auth.state_directory)
    os.chmod(agent_auth.state_directory, 0o777)
    agent_auth.registers(manager=start_manager(), user=65534)
    assert os.stat(agent_auth.keys).st_uid == 65534


@pytest.mark.parametrize("closed", ["<&-", ">&- 2>&-", "<&- >&- 2>&-"],
                         ids=["input", "output", "all"])
def test_closed_streams(agent_auth, start_manager, closed):
    """Whether somebody reads the lines does not decide whether the key is stored, and no file
    gets them instead."""
    seen = []

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        seen.extend(os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3))
        conversation.send(reply())
        conversation.finish()
    command = agent_auth.command(
        "-d", manager=start_manager(lambda conversation: started.wait() and script(conversation))
    )
    started = threading.Event()
    with subprocess.Popen(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=agent_auth.environment(),
    ) as process:
        started.set()
        assert process.wait(PATIENCE) == 0
    assert agent_auth.read_keys() == f"001 web-01 any {KEY}\n".encode()
    streams = ["<&-", ">&-", "2>&-"]
    assert [name == "/dev/null" for name, stream in zip(seen, streams) if stream in closed] == [
        True
    ] * closed.count("&-")
