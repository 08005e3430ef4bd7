# SPDX-License-Identifier: ISC
"""Configuration through files, drop-ins, credentials and the command line; and what is said of
mistakes."""
import os

import pytest
from machine import EXIT_CODES, KEY, shell_words
from fake_manager import answer

# Files that are wrong: the content, and words of the message (":2:" is the line).
MISTAKES = {
    "unknown key": ("[manager]\nadress = x\n", [":2: ", "'adress'", "did you mean address?"]),
    "unknown key, nothing near": ("[tls]\nfrobnicate = x\n", [":2: ", "'frobnicate'"]),
    "misspelt pin": ("[tls]\n\n# comment\npn = sha256//x\n", [":4: ", "did you mean pin?"]),
    "another section's key": ("[tls]\npassword_file = /x\n",
                              [":2: ", "did you mean password_file in [auth]?"]),
    "unknown section": ("[managr]\n", [":1: ", "did you mean [manager]?"]),
    "unknown section with a key": ("[managr]\naddress = x\n", [":1: ", "did you mean [manager]?"]),
    "upper-case section": ("[Manager]\n", [":1: ", "did you mean [manager]?"]),
    "key before any section": ("address = x\n",
                               [":1: ", "before any section", "address in [manager]"]),
    "neither key nor section": ("[manager]\njust words\n",
                                [":2: ", "expected [SECTION], KEY = VALUE or a comment"]),
    "no sign before a comment": ("[manager]\naddress ; = x\n", [":2: ", "expected [SECTION]"]),
    "malformed lines, in their order": (
        "[manager]\naddress m\nport = 0\n\tjust words\nmethod: magic\n",
        [":2: expected [SECTION], KEY = VALUE or a comment; ", ":3: '0' is not",
         ":4: expected [SECTION], KEY = VALUE or a comment; ", ":5: 'magic' is not"]),
    "text behind a section": ("[tls] verify = no\n", [":1: ", "unexpected text after ]"]),
    "open section": ("[manager\n", [":1: "]),
    "port 0": ("[manager]\nport = 0\n", [":2: ", "a port from 1 to 65535"]),
    "port 65536": ("[manager]\nport = 65536\n", [":2: ", "a port from 1 to 65535"]),
    "port with junk": ("[manager]\nport = 1515x\n", [":2: ", "a port from 1 to 65535"]),
    "address with a port too many": ("[manager]\naddress = a:1:2\n",
                                     [":2: ", "one manager per line"]),
    "two addresses in a line": ("[manager]\naddress = a, b\n", [":2: ", "one manager per line"]),
    "duration": ("[manager]\nconnect_timeout = soon\n", [":2: ", "connect_timeout"]),
    "bool": ("[tls]\nverify = maybe\n", [":2: ", "yes or no"]),
    "pin too short": ("[tls]\npin = sha256//AAAA\n", [":2: ", "44 characters of base64"]),
    "pin of another kind": ("[tls]\npin = sha1//AAAA\n", [":2: ", "44 characters of base64"]),
    "relative path": ("[tls]\nca_file = ca.pem\n", [":2: ", "an absolute path"]),
    "TLS version": ("[tls]\nmin_version = 1.4\n", [":2: ", "1.0, 1.1, 1.2 or 1.3"]),
    "method": ("[manager]\nmethod = magic\n", [":2: ", "authd"]),
    "agent name": ("[agent]\nname = a b\n", [":2: ", "2 to 127 characters of"]),
    "leading dot": ("[agent]\nname = .web\n", [":2: ", "not beginning with a dot"]),
    "specifier": ("[agent]\nname = %q-x\n", [":2: ", "%H %l %f %a %m %b %i %% and %{file:/PATH}"]),
    "group": ("[agent]\ngroups = a,,b\n", [":2: ", "separated by commas"]),
    "zero in a mask": ("[agent]\nip = 10.0.0.0/08\n", [":2: ", "any, src, an IP address"]),
    "address of the agent": ("[agent]\nip = 10.0.0.256\n", [":2: ", "any, src, an IP address"]),
    "choice": ("[identity]\non_clone = panic\n", [":2: ", "register, keep or refuse"]),
    "escape codes": ("[manager]\nport = \x1b[31m\n", [":2: ", r"\x1b[31m"]),
    "NUL byte": ("[manager]\nport = 1\0\n", [":2: ", "NUL byte"]),
    "long line": ("[manager]\naddress = " + "a" * 300 + "\n", [":2: ", "would be truncated"]),
    "long comment": ("# " + "a" * 300 + "\n", [":1: ", "would be truncated"]),
    "CRLF": ("[manager]\r\nport = 0\r\n", [":2: ", "'0' is not a valid value for port"]),
    "the first of two mistakes": ("[manager]\nport = 0\nadress = x\n", [":2: ", "port"]),
}


@pytest.mark.parametrize("content, words", MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake(machine, start_manager, content, words):
    manager = start_manager()
    config = machine.write("wrong.conf", content)
    machine.install_key()
    machine.fails("misconfigured", config + words[0], *words[1:], manager=manager, config=config,
                  in_state=False)
    assert manager.conversations == []


@pytest.mark.parametrize(
    "setting, words",
    [("tls.pn=x", "did you mean pin?"), ("pin", "is not SECTION.KEY=VALUE"),
     ("tls.verify=perhaps", "yes or no"), ("x.y=", "unknown key")],
)
def test_mistake_on_the_command_line(machine, setting, words):
    result = machine.register("--set", setting, manager="127.0.0.1")
    assert result.status == 78 and words in result.failure, result
    assert "the command line" in result.failure, result


@pytest.mark.parametrize(
    "path, words",
    [("/nowhere/agent-register.conf", "No such file"), ("/", "Is a directory")],
    ids=["missing", "directory"],
)
def test_file_that_cannot_be_read(machine, path, words):
    machine.fails("misconfigured", path, words, manager="127.0.0.1", config=path, in_state=False)


FORMS = {
    "plain": "[manager]\naddress = {address}\n[tls]\nca_file = {ca}\n[agent]\nname = web-01\n",
    "no final newline": "[manager]\naddress = {address}\n[tls]\nca_file = {ca}\n[agent]\nname = "
                        "web-01",
    "CRLF": "[manager]\r\naddress = {address}\r\n[tls]\r\nca_file = {ca}\r\n[agent]\r\nname = "
            "web-01\r\n",
    "byte order mark": "\ufeff[manager]\naddress = {address}\n[tls]\nca_file = "
                       "{ca}\n[agent]\nname = web-01\n",
    "no blanks": "[manager]\naddress={address}\n[tls]\nca_file={ca}\n[agent]\nname=web-01\n",
    "indented": "[manager]\n  address = {address}\n\t[tls]\n\tca_file = {ca}\n[agent]\n name = "
                "web-01\n",
    "comments": "# c\n; c\n[manager] ; c\naddress = {address} ; c\n\n[tls]\nca_file = "
                "{ca}\n[agent]\nname = web-01\n",
    "colon": "[manager]\naddress: {address}\n[tls]\nca_file: {ca}\n[agent]\nname: web-01\n",
    "section twice": "[manager]\nport = 1\n[tls]\nca_file = {ca}\n[manager]\naddress = "
                     "{address}\n[agent]\nname = web-01\n",
    "empty value means the default": "[manager]\naddress = {address}\n[agent]\nname = web-01\nip "
                                     "= foo\n"
    "[tls]\nca_file = {ca}\n".replace("ip = foo", "ip = src\nip ="),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_form_of_a_file(machine, start_manager, certificates, form):
    manager = start_manager()
    config = machine.write("good.conf", form.format(address=manager.address, ca=certificates.ca()))
    machine.registers(trust=None, name=None, config=config)
    assert manager.requests == [b"OSSEC A:'web-01'\n"]


def test_command_line_replaces_lists_of_the_file(machine, start_manager):
    unasked, manager = start_manager(), start_manager()
    config = machine.write("agent-register.conf",
                           f"[manager]\naddress = {unasked.address}\n[agent]\ngroups = a,b\n")
    machine.registers(config=config, manager=manager, settings={"agent.groups": "c"})
    assert manager.requests == [b"OSSEC A:'web-01' G:'c'\n"] and unasked.conversations == []


def test_addresses_of_a_file_are_in_failover_order(machine, start_manager):
    busy, manager = start_manager(answer(b"ERROR: Internal validation error")), start_manager()
    config = machine.write("two.conf",
                           f"[manager]\naddress = {busy.address}\naddress = {manager.address}\n")
    result = machine.register(config=config)
    assert result.status == 0 and busy.address in result.failure, result


# ------------------------------------------------------------------ the default places


@pytest.fixture
def default_places(machine, mount_namespace):  # pylint: disable=unused-argument
    """The system's configuration directories, empty, for one run: shell commands, and the path
    of the first."""
    message = machine.register(trust=None, name=None).stderr
    main = next(word.rstrip(";") for word in message.split()
                if "/agent-register/agent-register.conf" in word)
    etc = os.path.dirname(os.path.dirname(main))
    commands = ""
    for directory in (etc, "/usr/lib", "/run"):
        if not os.path.isdir(directory):
            pytest.skip(f"needs {directory}")
        place = shell_words(os.path.join(machine.directory, "places" + directory.replace("/", "-")))
        target = shell_words(directory)
        commands += (
            f"mkdir {place}\nmount -t tmpfs none {place}\nmkdir {place}/upper {place}/work\n"
            f"mount -t overlay -o lowerdir={target},upperdir={place}/upper,workdir={place}/work "
            f"none {target}\n"
            f"rm -rf {target}/agent-register\nmkdir -p "
            f"{target}/agent-register/agent-register.conf.d\n"
        )
    if (
        machine.register(trust=None, config=False, before=commands, after=":", name=None).status
        != 0
    ):
        pytest.skip("needs overlay mounts")
    yield commands.replace("mkdir /", "mkdir -p /", 1).replace("\nmkdir /", "\nmkdir -p /"), etc


def put(path, text):
    return f"printf %s {shell_words(text)} >{shell_words(path)}\n"


def test_default_file(machine, start_manager, certificates, default_places):
    commands, etc = default_places
    manager = start_manager()
    commands += put(
        f"{etc}/agent-register/agent-register.conf",
        f"[manager]\naddress = {manager.address}\n[tls]\nca_file = {certificates.ca()}\n",
    )
    machine.registers(trust=None, config=False, before=commands)


def test_drop_ins(machine, start_manager, certificates, default_places):
    """In the order of their names; of those of one name only the one of the strongest directory."""
    commands, etc = default_places
    manager = start_manager()
    drop_ins = "agent-register/agent-register.conf.d"
    commands += put(f"{etc}/agent-register/agent-register.conf",
                    "[agent]\nversion = v0\nip = src\n")
    commands += put(f"/usr/lib/{drop_ins}/10-a.conf",
                    f"[manager]\naddress = {manager.address}\n[agent]\nversion = v1\n")
    commands += put(f"/run/{drop_ins}/20-b.conf",
                    f"[tls]\nca_file = {certificates.ca()}\n[agent]\nversion = v2\n")
    commands += put(f"/usr/lib/{drop_ins}/30-c.conf",
                    "[agent]\nversion = vendor\ngroups = vendor\n")
    commands += put(f"{etc}/{drop_ins}/30-c.conf", "[agent]\nversion = v3\n")
    commands += put(f"/usr/lib/{drop_ins}/40-d.conf", "[nonsense]\n")
    commands += put(f"/run/{drop_ins}/40-d.conf", "[agent]\ngroups = from-run\n")
    commands += put(f"/run/{drop_ins}/50-e.conf", "[nonsense]\n")
    commands += put(f"{etc}/{drop_ins}/50-e.conf", "[agent]\nversion = v5\n")
    commands += put(f"{etc}/{drop_ins}/99-backup.conf~", "[nonsense]\n")
    commands += put(f"{etc}/{drop_ins}/.hidden.conf", "[nonsense]\n")
    machine.registers(trust=None, config=False, before=commands)
    assert manager.requests == [b"OSSEC A:'web-01' V:'v5' G:'from-run' IP:'src'\n"]


def test_mistake_in_a_drop_in(machine, default_places):
    commands, etc = default_places
    path = f"{etc}/agent-register/agent-register.conf.d/50-site.conf"
    machine.fails("misconfigured", f"{path}:2: ", "did you mean pin?", trust=None, config=False,
                  in_state=False, before=commands + put(path, "[tls]\npinn = x\n"))


# ------------------------------------------------------------------ credentials


def test_everything_from_credentials(machine, start_manager, certificates, credentials):
    manager = start_manager(client_ca=certificates.ca())
    certificate, key = certificates.pair("agent")
    machine.secrets.append("TopSecret")
    credentials.put("agent-register.conf",
                    f"[manager]\naddress = {manager.address}\n[agent]\nname = web-01\n")
    credentials.put("agent-register.password", "TopSecret\n")
    credentials.copy("agent-register.ca", certificates.ca())
    credentials.copy("agent-register.certificate", certificate)
    credentials.copy("agent-register.private-key", key)
    machine.registers(trust=None, name=None, environment=credentials.environment)
    assert manager.requests == [b"OSSEC PASS: TopSecret OSSEC A:'web-01'\n"]
    assert manager.conversation.client_certificate


def test_credentials_win_over_files(machine, start_manager, certificates, credentials):
    unasked, manager = start_manager(), start_manager()
    config = machine.write("file.conf", f"[manager]\naddress = 127.0.0.1\nport = {unasked.port}\n"
                                        f"[tls]\nca_file = {certificates.ca('other')}\n"
                                        "[auth]\npassword_file = /nowhere/password\n")
    credentials.put("agent-register.conf", f"[manager]\nport = {manager.port}\n")
    credentials.put("agent-register.password", "p")
    credentials.copy("agent-register.ca", certificates.ca())
    machine.registers(trust=None, config=config, environment=credentials.environment)
    assert manager.requests == [b"OSSEC PASS: p OSSEC A:'web-01'\n"]


def test_mistake_in_a_credential(machine, credentials):
    path = credentials.put("agent-register.conf", "[manager]\nadress = x\n")
    machine.fails("misconfigured", f"{path}:2: ", "did you mean address?", manager="127.0.0.1",
                  in_state=False, environment=credentials.environment)


def test_unusable_credential_is_named(machine, start_manager, credentials):
    path = credentials.put("agent-register.password", "")
    manager = start_manager()
    machine.fails("misconfigured", path, "is empty", manager=manager,
                  environment=credentials.environment)
    assert manager.conversations == []


@pytest.mark.parametrize("directory", ["", "relative", "/nowhere"])
def test_no_credentials(machine, start_manager, directory):
    machine.registers(manager=start_manager(), environment={"CREDENTIALS_DIRECTORY": directory})


# ------------------------------------------------------------------ rules over several keys

CONTRADICTIONS = {
    "initial over max": ({"retry.initial": "10 min", "retry.max": "1 min"}, "initial"),
    "no initial": ({"retry.initial": "0 s"}, "initial"),
    "no connect_timeout": ({"manager.connect_timeout": "0 s"}, "connect_timeout"),
    "no attempt_timeout": ({"manager.attempt_timeout": "0 s"}, "attempt_timeout"),
}


@pytest.mark.parametrize("settings, word", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_contradiction(machine, start_manager, settings, word):
    manager = start_manager()
    machine.fails("misconfigured", word, manager=manager, settings=settings)
    assert manager.conversations == []


@pytest.mark.parametrize("name", ["a", "n" * 128], ids=["1 character", "128 characters"])
def test_name_that_not_every_manager_takes(machine, start_manager, name):
    manager = start_manager()
    machine.fails("misconfigured", f"'{name}'", "2 to 127", "name in [agent]", manager=manager,
                  name=name)
    assert manager.conversations == []


def test_specifiers(machine, start_manager):
    """Machine id and boot id, where this machine has them."""
    manager = start_manager()
    result = machine.register(manager=manager, name="%l-%m")
    if result.status == EXIT_CODES["not-ready"]:
        pytest.skip(f"needs a machine id: {result.failure}")
    with open("/etc/machine-id", encoding="ascii") as file:
        machine_id = file.read().strip()
    assert manager.requests == [
        f"OSSEC A:'{os.uname().nodename.split('.')[0]}-{machine_id}'\n".encode()
    ]
    assert KEY in machine.read_keys().decode()
