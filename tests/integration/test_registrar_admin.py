# SPDX-License-Identifier: ISC
"""add, list, export and remove: what they say, what they leave in client.keys, and how they exit.
For import-file see test_registrar_import_file.py."""

import base64
import fcntl
import json
import os
import re
import subprocess

import pytest

from registrar_tools import KEPT_MODE, KEY, PROGRAM, run, serving

OLD_KEY = "5a" * 32


# ------------------------------------------------------------------ add


def test_add(admin):
    assert admin("add", "-n", "web", "-a", "10.0.0.1") == "001 web 10.0.0.1\n"
    assert admin("add", "--name", "db", "--ip", "any", "--id", "7") == "007 db any\n"
    assert admin("add", "-n", "x-1.y_z") == "008 x-1.y_z any\n"
    assert [re.fullmatch(rf"(\S+) (\S+) (\S+) {KEY}", line).groups() for line in admin.lines()] == [
        ("001", "web", "10.0.0.1"), ("007", "db", "any"), ("008", "x-1.y_z", "any")]
    keys = [line.split()[3] for line in admin.lines()]
    assert len(set(keys)) == 3
    assert admin.keys.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("dialect,lines,expected", [
    ("ossec", [], "001"), ("wazuh", [], "001"),
    ("ossec", [f"1024 aa any {OLD_KEY}"], "1025"),
    ("ossec", [f"005 aa any {OLD_KEY}", f"002 bb any {OLD_KEY}"], "006"),
    ("wazuh", [f"006 !gone any {OLD_KEY}"], "007"),
])
def test_next_id_is_that_of_manage_agents(admin, dialect, lines, expected):
    """In both families the highest plus one; only ossec-authd counts from 1024."""
    admin.write(*lines)
    assert admin("--dialect", dialect, "add", "-n", "new").split()[0] == expected


@pytest.mark.parametrize("asked,ossec,wazuh", [
    ("any", "any", "any"),
    ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
    ("192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24"),
    ("192.0.2.0/255.255.255.0", "192.0.2.0/24", "192.0.2.0/24"),
    ("192.0.2.1/32", "192.0.2.1", "192.0.2.1"),
    ("192.0.2.1/255.255.255.255", "192.0.2.1", "192.0.2.1"),
    ("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0"),
    ("0.0.0.0/0.0.0.0", "0.0.0.0/0", "0.0.0.0/0"),
    ("!192.0.2.1", "192.0.2.1", "192.0.2.1"),
    ("2001:db8::1", "2001:db8::1", "2001:0DB8:0000:0000:0000:0000:0000:0001"),
    ("2001:DB8:0:0::2/64", "2001:db8::2/64", "2001:0DB8:0000:0000:0000:0000:0000:0002/64"),
    ("2001:db8::1/128", "2001:db8::1", "2001:0DB8:0000:0000:0000:0000:0000:0001"),
    ("0::/0", "0::/0", "0000:0000:0000:0000:0000:0000:0000:0000/0"),
    ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
    ("::ffff:192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24"),
    ("2001:db8::/032", None, None),
    ("192.0.2.0/08", None, None),
    ("192.0.2.0/00", None, None),
    ("64:ff9b::192.0.2.1", None, None),
    ("::/0", None, None),
    ("::ffff:192.0.2.1/128", "192.0.2.1", None),
    ("192.0.2.0/255.0.255.0", None, "192.0.2.0/255.0.255.0"),
])
def test_addresses(admin, asked, ossec, wazuh):
    for dialect, expected in (("ossec", ossec), ("wazuh", wazuh)):
        command = ("--dialect", dialect, "add", "-n", f"web-{dialect}", "-a", asked,
                   "--on-duplicate", "replace")
        if expected:
            assert admin(*command).split()[2] == expected
        else:
            admin(*command, status=65)


FAULTS = [  # (name, IP, text): the words are those of the network
    ("a", "any", "Invalid agent name: a"),
    ("a b", "any", "Invalid agent name: a b"),
    ("n" * 129, "any", "Invalid agent name: " + "n" * 129),
    (".web", "any", "Invalid agent name: .web"),
    ("it'", "any", None),  # ends the field on the network
    ("é1", "any", "Invalid agent name: \\xc3\\xa91"),
    ("web", "any", "Duplicate agent name: web"),
    ("new", "300.1.1.1", "Invalid IP: 300.1.1.1"),
    ("new", "10.0.0.0/33", "Invalid IP: 10.0.0.0/33"),
    ("new", "10.0.0.0/08", "Invalid IP: 10.0.0.0/08"),
    ("new", "2001:db8::/129", "Invalid IP: 2001:db8::/129"),
    ("new", "anything", "Invalid IP: anything"),
    ("new", "10.0.0.7", "Duplicate IP: 10.0.0.7"),
]


@pytest.mark.parametrize("name,ip,text", FAULTS)
def test_refused_in_the_words_of_the_network(admin, name, ip, text):
    admin.write(f"001 web 10.0.0.7 {OLD_KEY}")
    admin("--dialect", "wazuh", "add", "-n", name, "-a", ip, status=65)
    if text:
        assert admin.messages.startswith(text) and admin.messages.count("\n") == 1
        with serving(admin.directory, "-n", "--dialect", "wazuh") as registrar:
            registrar.ask(f"OSSEC A:'{name}' IP:'{ip}'\n".encode())
            registrar.wait_for_line(re.escape(text))
    assert admin.lines() == [f"001 web 10.0.0.7 {OLD_KEY}"]


def test_refusals_name_the_holder(admin):
    admin.write(f"001 web 10.0.0.7 {OLD_KEY}")
    admin("add", "-n", "web", status=65)
    assert admin.messages == "Duplicate agent name: web (it belongs to agent 001)\n"
    admin("add", "-n", "new", "-a", "10.0.0.7", status=65)
    assert admin.messages == "Invalid IP address: 001 (10.0.0.7 belongs to agent 001, web)\n"


@pytest.mark.parametrize(
    "number,text",
    [
        ("1", "Duplicate ID: 1 (it belongs to agent 001)"),
        ("0001", "Duplicate ID: 0001 (it belongs to agent 001)"),
        ("7", "Duplicate ID: 7 (it was an agent's before; remove --purge makes it free)"),
        ("0", "Invalid agent ID: 0"), ("000", "Invalid agent ID: 000"),
        ("123456789", "Invalid agent ID: 123456789"), ("x", "Invalid agent ID: x"),
        ("-1", "Invalid agent ID: -1"), ("", "Invalid agent ID: ")
    ],
)
def test_ids(admin, number, text):
    admin.write(f"001 web any {OLD_KEY}", f"007 !gone any {OLD_KEY}")
    admin("add", "-n", "new", "--id", number, status=65)
    assert admin.messages == text + "\n"


def test_limit_and_own_name(admin):
    admin("--max-agents", 1, "add", "-n", "web")
    admin("--max-agents", 1, "add", "-n", "new", status=65)
    assert (
        admin.messages
        == "Internal manager error adding agent: new (There are 1 agents (--max-agents))\n"
    )
    admin("--max-agents", 1, "--dialect", "wazuh", "add", "-n", "new", status=65)
    assert admin.messages.startswith("The maximum number of agents has been reached")
    admin("--dialect", "wazuh", "add", "-n", os.uname().nodename, status=65)
    assert admin.messages.startswith("Invalid agent name: ")


def test_replacing_on_request(admin):
    admin.write(f"001 web any {OLD_KEY}")
    assert admin("add", "-n", "web", "--on-duplicate", "replace") == "002 web any\n"
    assert admin("list") == "002 web any\n"
    assert admin.lines()[0].startswith("001 #*#*#")
    # an id that was handed out once stays that agent's, even for the agent itself
    for number in ("1", "2"):
        admin("add", "-n", "web", "--id", number, "--on-duplicate", "replace", status=65)
        assert admin.messages.startswith(f"Duplicate ID: {number} (")
    assert admin("list") == "002 web any\n"


# ------------------------------------------------------------------ list


def test_list(admin):
    admin.write(
        "# comment",
        f"003 cc any {OLD_KEY}",
        f"001 !gone any {OLD_KEY}",
        "rubbish",
        f"1024 web 10.0.0.0/8 {OLD_KEY}",
        f"1025 #*#*#*#*#*#*#*#*#*#*#{OLD_KEY}",
    )
    assert admin("list") == "003 cc any\n1024 web 10.0.0.0/8\n"
    assert json.loads(admin("list", "--json")) == {
        "agents": [{"id": "003", "name": "cc", "ip": "any"},
                   {"id": "1024", "name": "web", "ip": "10.0.0.0/8"}]
    }
    assert admin("list", "-j") == admin("list", "--json")
    assert "Line 4" in admin.messages and OLD_KEY not in admin.messages


def test_list_of_nothing(admin):
    admin.write()
    assert admin("list") == ""
    assert json.loads(admin("list", "--json")) == {"agents": []}


def test_looking_makes_nothing(admin):
    before = sorted(os.listdir(admin.directory / "etc"))
    for command in (["list"], ["export", "1"]):
        admin(*command, status=78)
        assert "client.keys" in admin.messages
    assert sorted(os.listdir(admin.directory / "etc")) == before


# ------------------------------------------------------------------ export


def test_export(admin):
    """What manage_agents -e shows: base64 of the line without its newline, in one line."""
    line = f"1024 {'n' * 128} 2001:0DB8:0000:0000:0000:0000:0000:0001/64 {OLD_KEY}"
    admin.write(line)
    text = admin("export", "1024")
    assert text == base64.b64encode(line.encode()).decode() + "\n"
    assert admin.messages == ""


@pytest.mark.parametrize(
    "number,text",
    [
        ("9", "There is no agent with the id 9"),
        ("002", "There is no agent with the id 002 any more: it was removed"),
        ("003", "The line of agent 003 in client.keys is damaged: repair it by hand"),
        ("x", "Invalid agent ID: x"),
        ("", "Invalid agent ID: "),
        ("a\nb", "Invalid agent ID: a\\nb"),
    ],
)
def test_unknown_ids(admin, number, text):
    lines = [f"001 web any {OLD_KEY}", f"002 !gone any {OLD_KEY}", f"003 bad nowhere {OLD_KEY}"]
    admin.write(*lines)
    for command in (["export"], ["--dialect", "wazuh", "remove"]):
        admin(*command, number, status=65)
        assert admin.messages.endswith(text + "\n"), admin.messages
    assert admin.lines() == lines


def test_ids_with_and_without_zeros(admin):
    admin.write(f"001 web any {OLD_KEY}")
    assert base64.b64decode(admin("export", "1")).startswith(b"001 web")
    assert admin("remove", "0001") == "001 web any\n"


# ------------------------------------------------------------------ remove


@pytest.mark.parametrize("options,left", [
    (["--dialect", "ossec", "remove"], "1025 #*#*#*#*#*#*#*#*#*#*#a" + "5a" * 25),
    (["--dialect", "wazuh", "remove"], f"1025 !web any {OLD_KEY}"),
    (["--dialect", "wazuh", "remove", "--purge"], None),
    (["remove", "--purge"], None)])
def test_remove(admin, options, left):
    others = [f"1024 aa any {OLD_KEY}", f"1026 cc any {OLD_KEY}"]
    admin.write(others[0], f"1025 web any {OLD_KEY}", others[1])
    admin.keys.chmod(KEPT_MODE)
    assert admin(*options, "1025") == "1025 web any\n"
    assert admin.lines() == [others[0], *([left] if left else []), others[1]]
    assert admin.keys.stat().st_mode & 0o777 == KEPT_MODE
    assert admin("list") == "1024 aa any\n1026 cc any\n"
    # the name is free, and the id is not
    assert admin("add", "-n", "web").split()[0] == "1027"


def test_remove_several_or_none(admin):
    admin.write(*(f"{number} a{number} any {OLD_KEY}" for number in range(1024, 1028)))
    admin("remove", "1024", "1026", "9", status=65)
    assert len(admin("list").splitlines()) == 4
    assert admin("remove", "1026", "1024", "1026") == "1026 a1026 any\n1024 a1024 any\n"
    assert admin("list") == "1025 a1025 any\n1027 a1027 any\n"


def test_remove_takes_counter_and_timestamp(admin):
    queue = admin.directory / "queue"
    (queue / "rids").mkdir(parents=True)
    (queue / "rids" / "001").write_text("1:2:")
    (queue / "rids" / "0011").write_text("1:2:")
    others = "0011 x any 2026-01-01 00:00:00\n1001 y any 2026-01-01 00:00:00\n"
    (queue / "agents-timestamp").write_text(
        "001 web any 2026-01-01 00:00:00\n" + others + "001 w any 2026-01-01 00:00:00\n"
    )
    admin.write(f"001 web any {OLD_KEY}")
    admin("remove", "1")
    assert os.listdir(queue / "rids") == ["0011"]
    assert (queue / "agents-timestamp").read_text() == others
    # whoever keeps such a file: the registrar does so, too
    assert admin.lines()[0].startswith("001 #*#*#*#*#*#*#*#*#*#*#")


def test_remove_all_of_an_id(admin):
    """Somebody else wrote the file. Both go; and where only one goes, the other keeps its files."""
    queue = admin.directory / "queue"
    for place in ("rids", "agent-groups"):
        (queue / place).mkdir(parents=True)
        (queue / place / "001").write_text("x")
    admin.write(f"001 web any {OLD_KEY}", f"002 db any {OLD_KEY}", f"001 mail any {OLD_KEY}")
    admin("list")
    assert re.search("Line 3 of .* gives mail the id 001, which web has already", admin.messages)
    admin("add", "-n", "web", "--on-duplicate", "replace")
    assert admin("list") == "002 db any\n001 mail any\n003 web any\n"
    assert (queue / "rids" / "001").exists() and (queue / "agent-groups" / "001").exists()
    admin.write(f"001 web any {OLD_KEY}", f"002 db any {OLD_KEY}", f"001 mail any {OLD_KEY}")
    assert sorted(admin("remove", "1").splitlines()) == ["001 mail any", "001 web any"]
    assert admin("list") == "002 db any\n" and "gives" not in admin.messages
    assert not os.listdir(queue / "rids") and not os.listdir(queue / "agent-groups")


def test_purge(admin):
    """Also of who was removed before, of whom only the id is known."""
    queue = admin.directory / "queue" / "rids"
    queue.mkdir(parents=True)
    for number in ("001", "002", "003"):
        (queue / number).write_text("1:2:")
    admin.write(f"001 web any {OLD_KEY}", f"002 !gone any {OLD_KEY}",
                f"003 #*#*#*#*#*#*#*#*#*#*#{OLD_KEY[:40]}", "004")
    admin("remove", "2", status=65)
    assert admin.messages.endswith("no agent with the id 2 any more: it was removed\n")
    assert admin("remove", "--purge", "3", "1", "2") == "003\n001 web any\n002\n"
    assert "Restart the manager before these IDs are assigned again: " in admin.messages
    assert not os.listdir(queue) and admin.lines() == ["004"]
    admin("remove", "--purge", "4", status=65)
    assert "is damaged: repair it by hand" in admin.messages
    assert admin("add", "-n", "new", "--id", "2") == "002 new any\n"


@pytest.mark.parametrize("dialect,program,text", [
    ("ossec", None, "accepts the keys until it is restarted: restart its service"),
    ("ossec", "ossec-control", "until it is restarted: {bin}/ossec-control restart"),
    ("wazuh", "wazuh-control", "stops accepting the keys within about 10 seconds"),
])
def test_remove_says_what_makes_the_manager_forget(admin, dialect, program, text):
    place = admin.directory / "bin"
    if program:
        place.mkdir()
        (place / program).touch()
    admin.write(f"001 web any {OLD_KEY}")
    admin("--dialect", dialect, "remove", "1")
    assert text.format(bin=place) in admin.messages


# ------------------------------------------------------------------ usage and failures


@pytest.mark.parametrize("arguments,text", [
    ([], "no command is given"),
    (["add"], "the command add needs the agent's name"),
    (["add", "web"], "unexpected argument 'web': the command add takes none"),
    (["add", "-n", "web", "any"], "unexpected argument 'any': the command add takes none"),
    (["add", "-n"], "option -n needs an argument: NAME"),
    (["list", "001"], "unexpected argument '001': the command list takes none"),
    (["list", "--purge"], "option --purge belongs to remove, not to list"),
    (["export"], "the command export takes ID\n"),
    (["export", "1", "2"], "unexpected argument '2': the command export takes ID\n"),
    (["remove"], "the command remove takes ID...\n"),
    (["remove", "1", "--json"], "option --json belongs to list or token, not to remove"),
    (["import-file"], "the command import-file takes FILE|-\n"),
    (["export", "1", "-a", "any"], "option -a belongs to add, not to export"),
    (["serve", "--json"], "option --json belongs to list or token, not to serve"),
    (["serve", "--id", "7"], "option --id belongs to add, not to serve"),
    (["-n", "serve", "list"], "unexpected argument 'list': the command serve takes none"),
    (["manage"], "unknown command 'manage'"),
    (["exprot"], "unknown command 'exprot'; did you mean 'export'?"),
    (["serve", "--dialcet", "ossec"], "unknown option --dialcet; did you mean --dialect?"),
    (["serve", "--dialect", "wazu"], "did you mean 'wazuh'?"),
])
def test_usage(admin, arguments, text):
    admin(*arguments, status=64)
    assert text in admin.messages


def test_options_before_and_behind_the_command(admin):
    assert admin("add", "-n", "web", "--dialect", "wazuh", "-a", "::1").endswith("0001\n")
    assert json.loads(admin("--json", "list"))["agents"][0]["name"] == "web"
    assert admin("--ip", "10.0.0.1", "--id", "5", "add", "-n", "db") == "005 db 10.0.0.1\n"
    assert run("list", "-D", admin.directory).returncode == 0
    assert "Usage:" in admin("add", "--help")


def test_lock_that_stays(admin):
    """Ten seconds, then 75; and whoever gives the lock back in time is waited for."""
    lock = os.open(admin.directory / "etc", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with subprocess.Popen(
        [PROGRAM, "-D", admin.directory, "add", "-n", "web"], stdout=subprocess.PIPE, text=True
    ) as waiting:
        admin("add", "-n", "db", status=75)
        assert f"locked for 10 seconds by process {os.getpid()} (" in admin.messages
        assert waiting.wait() == 75
    os.close(lock)
    assert not admin.keys.exists()


def test_waits_for_the_lock(admin):
    lock = os.open(admin.directory / "etc", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with subprocess.Popen(
        [PROGRAM, "-D", admin.directory, "add", "-n", "web"], stdout=subprocess.PIPE, text=True
    ) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.3)
        os.close(lock)
        assert waiting.communicate()[0] == "001 web any\n"


def test_output_that_goes_nowhere(admin):
    admin.write(f"001 web any {OLD_KEY}")
    for command in (["list"], ["export", "1"], ["add", "-n", "db"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "-D", admin.directory, *command], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        assert done.returncode == 74 and "standard output" in done.stderr
        assert OLD_KEY not in done.stderr


def test_no_key_but_in_export(admin):
    admin.write(f"001 web any {OLD_KEY}")
    for command in (["-d", "add", "-n", "db"], ["-d", "list"], ["-d", "list", "--json"],
                    ["-d", "remove", "1"], ["-d", "import-file", "-"]):
        out = admin(*command, input="any,more\n")
        for line in admin.lines():
            assert line.split()[-1] not in out + admin.messages


def test_missing_directory(admin):
    done = run("-D", "/nonexistent", "add", "-n", "web")
    assert done.returncode == 78 and "/nonexistent/etc" in done.stderr
