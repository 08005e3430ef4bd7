# SPDX-License-Identifier: ISC
"""Who is already there: names, addresses, ids, and the three policies."""

import hashlib

import pytest

from registrar_tools import KEPT_MODE, serving

OLD_KEY = "5a" * 32


def fill(directory, *lines):
    (directory / "etc" / "client.keys").write_text("".join(lines))


def line(number, name, ip="any"):
    return f"{number} {name} {ip} {OLD_KEY}\n"


def gone(dialect, number, name):
    """What is left of an agent, in the form of each family."""
    if dialect == "wazuh":
        return line(number, f"!{name}")
    mark = f"{number} #*#*#*#*#*#*#*#*#*#*#"
    return mark + line(number, name)[len(mark):]


def agents(registrar):
    """The lines of agents that are not removed."""
    return [fields for fields in registrar.keys() if len(fields) == 4 and fields[1][0] not in "#!"]


def key_hash(number, name):
    return hashlib.sha1(f"{number}{name}{OLD_KEY}".encode()).hexdigest()


def test_ossec_renames(directory):
    with serving(directory, "-n") as registrar:
        assert [registrar.register("web")[1] for _ in range(3)] == ["web", "web2", "web3"]


def test_log_names_what_was_asked_for(directory):
    with serving(directory, "-n") as registrar:
        registrar.register("web")
        registrar.register("web")
        registrar.wait_for_line("Registered web2 as 1025, address any, renamed from web, for 127")
        assert "Registered web as 1024, address any, for 127" in registrar.log


def test_log_names_the_agent_in_a_refusal(directory):
    """Not every refusal has the name in its text."""
    fill(directory, line("001", "web", "10.0.0.1"))
    with serving(directory, "-n", "--dialect", "wazuh", "--manager-version", "4.14") as registrar:
        for request, text in (
                ("OSSEC A:'new' IP:'10.0.0.1'", r"Duplicate IP: \S+ \(agent new; When agent 001"),
                ("OSSEC A:'new' IP:'x'", r"Invalid IP: x \(agent new\)$"),
                ("OSSEC A:'new' V:'v5.0.0'", r"lower or equal .* \(agent new\)$"),
                ("OSSEC A:'new' G:'nowhere'", r"Invalid group: nowhere \(agent new\)$"),
                ("OSSEC A:'new' G:nowhere'", r"Unterminated group field \(agent new\)$"),
                ("OSSEC A:'n/w'", r"Invalid agent name: n/w \(agent n/w\)$"),
                ("OSSEC PASS: secret OSSEC A:'new'", r"Invalid request .* \(agent new\)$"),
                ("OSSEC B:'new'", r"Invalid request for new agent$")):
            before = len(registrar.lines)
            assert not registrar.ask(request + "\n").agent
            registrar.wait_for_line(r"Refused 127.0.0.1 port \d+: .*" + text, after=before)
        assert "secret" not in registrar.log


def test_log_names_the_agent_with_a_wrong_password(directory):
    with serving(directory) as registrar:
        registrar.ask("OSSEC PASS: OSSEC A:'se/cret' OSSEC A:'new'\n")
        registrar.wait_for_line(r"Refused 127.0.0.1 port \d+: Invalid password \(agent new\)$")
        registrar.ask("OSSEC PASS: OSSEC A:'se/cret'\n")
        registrar.wait_for_line(r"Refused 127.0.0.1 port \d+: Invalid password$")
        assert "cret" not in registrar.log


def test_group_default_needs_no_directory(directory):
    """Wazuh's managers always have it."""
    for dialect, registered in (("wazuh", True), ("ossec", False)):
        with serving(directory, "-n", "--dialect", dialect, "--groups", "existing") as registrar:
            assert bool(registrar.ask(f"OSSEC A:'{dialect}' G:'default'\n").agent) == registered


def test_ossec_stops_renaming_at_255(directory):
    fill(directory, line(1024, "web"), *(line(1024 + i, f"web{i}") for i in range(2, 256)))
    with serving(directory, "-n") as registrar:
        assert registrar.ask("OSSEC A:'web'\n").records[0] == "ERROR: Invalid agent name: web\n\n"


def test_wazuh_refuses(directory):
    fill(directory, line("001", "web"))
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        assert registrar.ask("OSSEC A:'web'\n").records == [
            "ERROR: Duplicate agent name: web. Unable to add agent"
        ]


@pytest.mark.parametrize("dialect,policy", [("ossec", "refuse"), ("wazuh", "rename")])
def test_policy_is_free_of_the_dialect(directory, dialect, policy):
    fill(directory, line("1024", "web"))
    with serving(directory, "-n", "--dialect", dialect, "--on-duplicate", policy) as registrar:
        reply = registrar.ask("OSSEC A:'web'\n")
    if policy == "rename":
        assert reply.agent[:2] == ("1025", "web2")
    else:
        assert reply == (
            ["ERROR: Duplicate agent name: web\n\n", "ERROR: Unable to add agent.\n\n"],
            "eof",
        )


@pytest.mark.parametrize("dialect,new_id", [("ossec", "1026"), ("wazuh", "1026")])
def test_replace(directory, dialect, new_id):
    fill(directory, "# kept\n", line(1024, "web"), line(1025, "db"))
    (directory / "etc" / "client.keys").chmod(KEPT_MODE)
    with serving(directory, "-n", "--dialect", dialect, "--on-duplicate", "replace") as registrar:
        agent = registrar.register("web")
        assert agent[0] == new_id and agent[3] != OLD_KEY
        assert (
            registrar.keys_file.read_text()
            == "# kept\n" + gone(dialect, 1024, "web") + line(1025, "db") + " ".join(agent) + "\n"
        )
        assert registrar.keys_file.stat().st_mode & 0o777 == KEPT_MODE
        registrar.wait_for_line("Registered web as 1026, address any, replacing 1024")
        # what was replaced can be replaced again, and others are registered as ever
        assert registrar.register("web")[1] == "web"
        assert registrar.register("other")[1] == "other"
        assert registrar.register("web")[0] == "1029"
        assert len(agents(registrar)) == 3


def test_replace_by_name_and_address(directory):
    fill(directory, line(1024, "web"), line(1025, "db", "10.0.0.1"), line(1026, "xx"))
    with serving(directory, "-n", "--on-duplicate", "replace") as registrar:
        agent = registrar.ask("OSSEC A:'web' IP:'10.0.0.1'\n").agent
        assert agents(registrar) == [line(1026, "xx").split(), list(agent)]
        registrar.wait_for_line("replacing 1025 and 1024")


def test_replace_refuses_whoever_still_has_the_key(directory):
    fill(directory, line("001", "web"))
    digest = key_hash("001", "web")
    with serving(directory, "-n", "--dialect", "wazuh", "--on-duplicate", "replace") as registrar:
        assert registrar.ask(f"OSSEC A:'web' K:'{digest}'\n").records == [
            "ERROR: Duplicate agent name: web. Unable to add agent"]
        assert registrar.keys() == [line("001", "web").split()]
        # another key, and the upper case that Wazuh takes for another key
        assert registrar.ask(f"OSSEC A:'web' K:'{digest.upper()}'\n").agent
        agent = registrar.ask(f"OSSEC A:'web' K:'{'0' * 40}'\n").agent
        # the hash of a key that was handed out a moment ago
        digest = hashlib.sha1(f"{agent[0]}{agent[1]}{agent[3]}".encode()).hexdigest()
        assert not registrar.ask(f"OSSEC A:'web' K:'{digest}'\n").agent


def test_refused_name_does_not_cost_the_other_its_address(directory):
    """wazuh-authd removes the holder of the address before it refuses the name."""
    fill(directory, line("001", "web"), line("002", "db", "10.0.0.1"))
    with serving(directory, "-n", "--dialect", "wazuh", "--on-duplicate", "replace") as registrar:
        reply = registrar.ask(f"OSSEC A:'web' IP:'10.0.0.1' K:'{key_hash('001', 'web')}'\n")
        assert "Duplicate agent name" in reply.records[0]
        assert len(registrar.keys()) == 2


@pytest.mark.parametrize("dialect,text", [
    ("ossec", "ERROR: Invalid IP address: 1024\n\n"),
    ("wazuh", "ERROR: Duplicate IP: 127.0.0.1. Unable to add agent")])
def test_source_address(directory, dialect, text):
    fill(directory, line(1024, "old", "127.0.0.1"))
    with serving(directory, "-n", "-i", "--dialect", dialect) as registrar:
        assert registrar.ask("OSSEC A:'web'\n").records[0] == text
        assert registrar.register("web", source="127.0.0.2")[2] == "127.0.0.2"
        assert (
            registrar.ask("OSSEC A:'web9' IP:'src'\n", source="127.0.0.3").agent[2] == "127.0.0.3"
        )
        assert registrar.ask("OSSEC A:'web8' IP:'any'\n").agent[2] == "any"


@pytest.mark.parametrize(
    "stored,asked,free",
    [("10.1.2.0/24", "10.1.2.0/24", True), ("10.1.2.0/24", "10.1.2.77", True),
     ("10.1.2.0/24", "10.1.2.0", False), ("10.1.2.3", "10.1.2.3", False), ("any", "any", True)],
)
def test_duplicate_address_is_the_text_without_mask(directory, stored, asked, free):
    fill(directory, line("001", "old", stored))
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        assert bool(registrar.ask(f"OSSEC A:'new' IP:'{asked}'\n").agent) == free


@pytest.mark.parametrize("stored,asked,free", [
    ("10.1.2.0/24", "10.1.2.0/24", False), ("10.1.2.0/24", "10.1.2.0/255.255.255.0", False),
    ("10.1.2.0/24", "10.1.2.77", True), ("10.1.2.0/24", "10.1.2.0", True),
    ("10.1.2.3", "10.1.2.3", False), ("10.1.2.3", "10.1.2.3/32", False), ("any", "any", True)])
def test_duplicate_address_of_ossec_is_the_text_with_mask(directory, stored, asked, free):
    fill(directory, line(1024, "old", stored))
    with serving(directory, "-n") as registrar:
        assert bool(registrar.ask(f"OSSEC A:'new' IP:'{asked}'\n").agent) == free


# (requested, stored, answered), as recorded from Wazuh 4.14.5
ADDRESSES = [
    ("10.9.0.0/255.255.0.0", "10.9.0.0/16", "10.9.0.0/255.255.0.0"),
    ("10.1.2.3/32", "10.1.2.3", "10.1.2.3/32"),
    ("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0"),
    ("10.6.6.6/24", "10.6.6.6/24", "10.6.6.6/24"),
    ("fe80::1", "FE80:0000:0000:0000:0000:0000:0000:0001",
     "FE80:0000:0000:0000:0000:0000:0000:0001"),
    ("2001:DB8:0:0::2/64", "2001:0DB8:0000:0000:0000:0000:0000:0002/64",
     "2001:0DB8:0000:0000:0000:0000:0000:0002/64"),
    ("!10.4.4.4", "10.4.4.4", "10.4.4.4"),
]


@pytest.mark.parametrize("asked,stored,answered", ADDRESSES)
def test_addresses_are_written_as_wazuh_does(wazuh, asked, stored, answered):
    assert wazuh.ask(f"OSSEC A:'web' IP:'{asked}'\n").agent[2] == answered
    assert wazuh.keys()[0][2] == stored


def test_mask_with_holes_is_no_address_for_ossec(directory):
    with serving(directory, "-n") as registrar:
        assert registrar.ask("OSSEC A:'web' IP:'10.0.0.0/255.0.255.0'\n").records == [
            "ERROR: Invalid IP: 10.0.0.0/255.0.255.0\n\n", "ERROR: Unable to add agent.\n\n"]


def test_mask_with_holes_stays_for_wazuh(wazuh):
    assert wazuh.ask("OSSEC A:'web' IP:'10.0.0.0/255.0.255.0'\n").agent[2] == (
        "10.0.0.0/255.0.255.0")
    assert wazuh.keys()[0][2] == "10.0.0.0/255.0.255.0"


@pytest.mark.parametrize("asked", [
    "10.0.0.0/08", "10.0.0.0/00", "10.0.0.0/032", "::1/032", "64:ff9b::10.0.0.1", "::/0"])
@pytest.mark.parametrize("dialect", ["ossec", "wazuh"])
def test_what_agents_cannot_read_is_no_address(directory, dialect, asked):
    with serving(directory, "-n", "--dialect", dialect) as registrar:
        reply = registrar.ask(f"OSSEC A:'web' IP:'{asked}'\n")
        assert reply.records[0].startswith(f"ERROR: Invalid IP: {asked}")
        assert registrar.keys() == []


@pytest.mark.parametrize("stored,asked", [
    ("192.0.2.1", "::ffff:192.0.2.1"), ("192.0.2.1", "::ffff:c000:201"),
    ("192.0.2.1", "192.0.2.1/32"), ("::ffff:c000:201", "192.0.2.1"),
    ("2001:db8::1", "2001:DB8:0:0:0:0:0:1/128")])
@pytest.mark.parametrize("dialect", ["ossec", "wazuh"])
def test_equal_addresses_are_duplicates(directory, dialect, stored, asked):
    fill(directory, line(1024, "old", stored))
    with serving(directory, "-n", "--dialect", dialect) as registrar:
        assert not registrar.ask(f"OSSEC A:'new' IP:'{asked}'\n").agent
        assert not registrar.ask(f"OSSEC A:'new' IP:'!{asked}'\n").agent


def test_mapped_address_with_all_of_its_bits_is_the_address(directory):
    with serving(directory, "-n") as registrar:
        assert registrar.ask("OSSEC A:'web' IP:'::ffff:192.0.2.1/128'\n").agent[2] == "192.0.2.1"
        assert registrar.ask("OSSEC A:'new' IP:'192.0.2.1'\n").records[0] == (
            "ERROR: Invalid IP address: 1024\n\n")
        registrar.wait_for_line(r"Invalid IP address: 1024 \(agent new; "
                                r"192\.0\.2\.1 belongs to agent 1024, web\)")


def test_ipv6_spellings(directory):
    with serving(directory, "-n") as registrar:
        assert registrar.ask("OSSEC A:'six' IP:'2001:DB8:0:0::1'\n").agent[2] == "2001:db8::1"
        assert (
            registrar.ask("OSSEC A:'sixx' IP:'2001:db8::0:1'\n").records[0]
            == "ERROR: Invalid IP address: 1024\n\n"
        )


@pytest.mark.parametrize("dialect,lines,expected", [
    ("ossec", [], "1024"),
    ("ossec", [line(1024, "aa"), line(1026, "bb")], "1027"),
    ("ossec", [line("001", "aa"), line(4000, "bb")], "4001"),
    ("ossec", [line("001", "aa"), line("002", "bb")], "1024"),
    ("ossec", ["1024 #*#*#*#*#*#*#*#*#*#*#* any " + OLD_KEY + "\n"], "1025"),
    ("ossec", ["1024 what is this, a damaged line\n"], "1025"),
    ("wazuh", [], "001"),
    ("wazuh", [line("001", "aa"), line("005", "bb")], "006"),
    ("wazuh", [line("001", "aa"), "007 !gone any " + OLD_KEY + "\n"], "008"),
    ("wazuh", [line("5000", "aa")], "5001"),
])
def test_ids(directory, dialect, lines, expected):
    fill(directory, *lines)
    with serving(directory, "-n", "--dialect", dialect) as registrar:
        assert registrar.register("new")[0] == expected


def test_removed_agents_free_their_name(directory):
    fill(directory, "001 !web any " + OLD_KEY + "\n")
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        assert registrar.register("web")[0] == "002"


@pytest.mark.parametrize("dialect,lines,expected", [
    ("wazuh", [], ["001", "002"]), ("ossec", [], ["1024", "1025"]),
    ("wazuh", [line("005", "low")], ["006", "007"]),
    ("ossec", [line(2000, "low")], ["2001", "2002"]),
    ("wazuh", [line("005", "low"), line("99999997", "high")], ["99999998", "006"]),
])
def test_the_highest_id_is_no_trap(directory, dialect, lines, expected):
    fill(directory, *lines, line("99999999", "last"))
    with serving(directory, "-n", "--dialect", dialect) as registrar:
        assert [registrar.register(f"new{i}")[0] for i in range(2)] == expected
