# SPDX-License-Identifier: ISC
"""What the configuration leaves out comes from the agent's own ossec.conf, by groups."""
import json
import os

import pytest
from agents_conf import AgentsConf, wazuh_4
from fake_manager import answer
from machine import EXIT_CODES, KEY, reply

NONE = {"name": None, "trust": None}


def values(machine, *arguments, **options):
    """{SECTION.KEY: value} that the command config shows."""
    result = machine.register("config", "--json", *arguments, **{**NONE, **options})
    return {f"{section}.{key}": each["value"]
            for section, keys in json.loads(result.stdout)["settings"].items()
            for key, each in keys.items()}


# ------------------------------------------------------------------ registering


def test_one_line_of_trust(machine, agents_conf, start_manager, certificates):
    """An image that its packages' variables have configured."""
    manager = start_manager(answer(reply(name="db-07")))
    agents_conf.write(wazuh_4("10.0.0.1", manager_address=manager.host, port=manager.port,
                              agent_name="db-07", groups="db,linux"))
    agents_conf.put("etc/authd.pass", "Correct-Horse\n")
    config = machine.write("trust.conf", f"[tls]\nca_file = {certificates.ca()}\n")
    machine.registers(f"001 db-07 any {KEY}\n", config=config, **NONE)
    assert manager.requests == [
        b"OSSEC PASS: Correct-Horse OSSEC A:'db-07' G:'db,linux'\n"]


def test_manager_address_comes_first(machine, agents_conf, start_manager):
    """Then the servers, in their order."""
    first = start_manager(answer(b"ERROR: Internal manager error"), address="127.0.0.2")
    second = start_manager(answer(b"ERROR: Internal manager error"), address="127.0.0.3",
                           port=first.port)
    third = start_manager(address="127.0.0.4", port=first.port)
    agents_conf.write(wazuh_4("127.0.0.3", "127.0.0.4", "127.0.0.2", manager_address="127.0.0.2",
                              port=first.port))
    result = machine.register(settings={"tls.verify_name": "manager.test"})
    assert result.status == 0, result
    assert [len(manager.requests) for manager in (first, second, third)] == [1, 1, 1]
    assert result.state["manager"] == third.address, result


def test_never_the_port_for_events(machine, agents_conf):
    agents_conf.write(wazuh_4("127.0.0.1"))
    shown = values(machine, settings={"tls.verify": "no"})
    assert shown["manager.address"] == ["127.0.0.1"] and shown["manager.port"] is None
    assert shown["manager.method"] == "authd"


def test_client_certificate(machine, agents_conf, start_manager, certificates):
    pair = certificates.pair("agent")
    manager = start_manager(client_ca=certificates.ca())
    agents_conf.write(wazuh_4(manager.host, port=manager.port,
                              agent_certificate_path="etc/ssl/agent.pem",
                              agent_key_path="etc/ssl/agent.key"))
    for name, path in zip(("agent.pem", "agent.key"), pair):
        with open(path, "rb") as file:
            agents_conf.put(f"etc/ssl/{name}", file.read())
    machine.registers()
    assert manager.conversation.client_certificate


def test_ca_only_when_asked_for(machine, agents_conf, start_manager, certificates):
    manager = start_manager(answer(reply()))
    agents_conf.write(wazuh_4(manager.host, port=manager.port, server_ca_path="etc/root.pem"))
    with open(certificates.ca(), "rb") as file:
        path = agents_conf.put("etc/root.pem", file.read())
    machine.fails("misconfigured", "No way to verify", "ca_file = inherit",
                  agents_conf.at("server_ca_path"), trust=None)
    assert manager.conversations == []
    machine.registers(trust=["--set", "tls.ca_file=inherit"])
    os.unlink(path)
    result = machine.register(trust=["--set", "tls.ca_file=inherit"], force=True)
    assert result.status == 78 and agents_conf.at("server_ca_path") in result.failure, result


def test_no_ca_to_inherit(machine, agents_conf):
    agents_conf.write(wazuh_4("127.0.0.1"))
    machine.fails("misconfigured", "ca_file = inherit", "no server_ca_path",
                  trust=["--set", "tls.ca_file=inherit"])
    machine.fails("misconfigured", "inherit = no", manager="127.0.0.1",
                  trust=["--set", "tls.ca_file=inherit"], settings={"agent.inherit": "no"})


# ------------------------------------------------------------------ groups


FULL = {"manager_address": "reg.example.org", "port": "1516", "agent_name": "theirs",
        "groups": "a,b", "agent_address": "10.1.1.1", "agent_certificate_path": "etc/a.pem",
        "agent_key_path": "etc/a.key", "server_ca_path": "etc/ca.pem"}
MANAGER = ("manager.address", "manager.port", "manager.method", "tls.certificate_file",
           "tls.private_key_file")
NAME = ("agent.name", "agent.groups", "agent.ip")


@pytest.mark.parametrize("ours, manager, name", [
    ({}, True, True),
    ({"manager.address": "ours"}, False, True),
    ({"agent.name": "ours"}, True, False),
    ({"agent.groups": "ours"}, True, False),
    ({"agent.ip": "any"}, True, False),
    ({"manager.address": "ours", "agent.name": "ours"}, False, False),
    ({"manager.method": "import", "auth.key_file": "/k"}, False, False),
    ({"manager.method": "enroll", "auth.token_file": "/t"}, False, True),
    ({"agent.inherit": "no"}, False, False),
    ({"manager.port": "1516", "manager.method": "authd"}, True, True),
], ids=str)
def test_groups(machine, agents_conf, ours, manager, name):
    agents_conf.write(wazuh_4("events.example.org", **FULL))
    ca = agents_conf.put("etc/ca.pem", "")
    shown = values(machine, settings={"tls.pin": [], "tls.verify": "no", **ours})
    directory = machine.agent
    theirs = {
        "manager.address": ["reg.example.org", "events.example.org"], "manager.port": 1516,
        "manager.method": "authd", "tls.certificate_file": f"{directory}/etc/a.pem",
        "tls.private_key_file": f"{directory}/etc/a.key", "agent.name": "theirs",
        "agent.groups": ["a", "b"], "agent.ip": "10.1.1.1"}
    for group, inherited in ((MANAGER, manager), (NAME, name)):
        for key in group:
            if inherited:
                assert shown[key] == theirs[key], key
            elif key != "manager.method":
                assert shown[key] != theirs[key], key
    assert shown["tls.ca_file"] is None and os.path.exists(ca)


def test_certificate_of_ours(machine, agents_conf):
    """It is used with the agent's manager."""
    agents_conf.write(wazuh_4("events.example.org", **FULL))
    shown = values(machine, settings={"tls.verify": "no", "tls.certificate_file": "/c",
                                      "tls.private_key_file": "/k"})
    assert (shown["tls.certificate_file"], shown["tls.private_key_file"]) == ("/c", "/k")
    assert shown["manager.address"][0] == "reg.example.org"


@pytest.mark.parametrize("key, value", [("port", "99"), ("method", "api"), ("prefix", "x")])
def test_no_mixture(machine, agents_conf, start_manager, key, value):
    """Part of a manager of ours, without an address, was meant for another one."""
    manager = start_manager()
    agents_conf.write(wazuh_4(manager.host, port=manager.port))
    machine.fails("misconfigured", f"{key} = {value} belongs to an address", agents_conf.path,
                  settings={f"manager.{key}": value})
    assert manager.conversations == []


def test_source_address(machine, agents_conf):
    agents_conf.write(wazuh_4("m", use_source_ip="yes"))
    assert values(machine, settings={"tls.verify": "no"})["agent.ip"] == "src"
    agents_conf.write(wazuh_4("m", use_source_ip="no"))
    assert values(machine, settings={"tls.verify": "no"})["agent.ip"] is None


def test_password(machine, agents_conf):
    """That of the block, or the agent's default; if it is there, and has something in it."""
    trust = {"tls.verify": "no"}
    agents_conf.write(wazuh_4("m"))
    assert values(machine, settings=trust)["auth.password_file"] is None
    default = agents_conf.put("etc/authd.pass", "x\n")
    assert values(machine, settings=trust)["auth.password_file"] is None
    agents_conf.put("etc/authd.pass", "xy\n")
    assert values(machine, settings=trust)["auth.password_file"] == default
    agents_conf.write(wazuh_4("m", authorization_pass_path="etc/other"))
    assert values(machine, settings=trust)["auth.password_file"] is None
    other = agents_conf.put("etc/other", "password\n")
    assert values(machine, settings=trust)["auth.password_file"] == other
    shown = values(machine, settings={**trust, "auth.password_file": "/ours"})
    assert shown["auth.password_file"] == "/ours"


def test_first_line_of_the_password(machine, agents_conf, start_manager):
    manager = start_manager()
    agents_conf.write(wazuh_4(manager.host, port=manager.port))
    agents_conf.put("etc/authd.pass", "Correct-Horse\nmore\n")
    machine.registers()
    assert manager.requests == [b"OSSEC PASS: Correct-Horse OSSEC A:'web-01'\n"]


@pytest.mark.parametrize("forget", ["yes", "no"])
def test_forgotten_password(machine, agents_conf, start_manager, forget):
    manager = start_manager()
    agents_conf.write(wazuh_4(manager.host, port=manager.port))
    path = agents_conf.put("etc/authd.pass", "Correct-Horse\n")
    machine.registers(settings={"auth.forget_secret": forget})
    assert os.path.exists(path) == (forget == "no")


# ------------------------------------------------------------------ other agents


WAZUH_5 = """<ossec_config>
  <agent>
    <manager>
      <endpoint>{}</endpoint>
    </manager>
    <enrollment>
      <agent_name>five</agent_name>
      <groups>g</groups>
    </enrollment>
    <ssl>
      <certificate>etc/a.pem</certificate>
      <key>etc/a.key</key>
      <certificate_authorities>etc/certs/root-ca.pem</certificate_authorities>
    </ssl>
  </agent>
</ossec_config>
"""


@pytest.mark.parametrize("endpoint, address, port, prefix", [
    ("m.example.org", "m.example.org", 1517, None),
    ("https://m.example.org:8443/siem/a", "m.example.org", 8443, "siem/a"),
    ("https://[fd00::1]:8443/", "fd00::1", 8443, None),
])
def test_wazuh_5(machine, agents_conf, endpoint, address, port, prefix):
    agents_conf.write(WAZUH_5.format(endpoint), version="5.0.0")
    shown = values(machine, settings={"tls.ca_file": "inherit"})
    assert shown["manager.address"] == [address] and shown["manager.method"] == "enroll"
    assert shown["manager.port"] == port and shown["manager.prefix"] == prefix
    assert shown["agent.name"] == "five" and shown["agent.groups"] == ["g"]
    assert shown["tls.certificate_file"] == f"{machine.agent}/etc/a.pem"
    assert shown["tls.ca_file"] == f"{machine.agent}/etc/certs/root-ca.pem"


def test_wazuh_5_registers(machine, agents_conf, start_wazuh5, certificates):
    server = start_wazuh5(password="MyEnrollmentSecret123")
    agents_conf.write(WAZUH_5.replace("<ssl>", "<!-- ").replace("</ssl>", "-->").format(
        server.address), version="5.0.0")
    agents_conf.put("etc/authd.pass", "MyEnrollmentSecret123\n")
    result = machine.register(name=None, trust=["--ca", certificates.ca()])
    assert result.status == 0 and "Registered as five" in result.stderr, result


def test_file_of_another_generation(machine, agents_conf):
    """What is installed decides, not the text."""
    trust = {"tls.verify": "no"}
    agents_conf.write(WAZUH_5.format("m.example.org"), version="4.14.7")
    assert values(machine, settings=trust)["manager.address"] == []
    agents_conf.write(wazuh_4("m.example.org", agent_name="four"), version="5.0.0")
    shown = values(machine, settings=trust)
    assert shown["manager.address"] == ["m.example.org"] and shown["manager.method"] == "authd"


def test_ossec(machine, agents_conf):
    agents_conf.write("<ossec_config><client><server-ip>10.0.0.1</server-ip>\n"
                      "<server-hostname>m.example.org</server-hostname><port>1514</port>"
                      "</client></ossec_config>\n")
    os.unlink(os.path.join(machine.agent, "VERSION.json"))
    agents_conf.put("bin/ossec-agentd", "")
    agents_conf.put("etc/authd.pass", "password\n")
    shown = values(machine, settings={"tls.verify": "no"})
    assert shown["manager.address"] == ["10.0.0.1", "m.example.org"]
    assert shown["manager.port"] is None and shown["auth.password_file"] is None


# ------------------------------------------------------------------ nothing, and nonsense


@pytest.mark.parametrize("text", [
    wazuh_4(), wazuh_4("0.0.0.0"), wazuh_4(""), wazuh_4("MANAGER_IP", manager_address="MANAGER_IP"),
    "<ossec_config></ossec_config>\n", "",
], ids=["MANAGER_IP", "0.0.0.0", "empty", "both", "no client", "empty file"])
def test_placeholders_are_none(machine, agents_conf, text):
    agents_conf.write(text)
    result = machine.register()
    assert result.status == 0 and "No manager is configured" in result.stderr, result


@pytest.mark.parametrize("enrollment, words", [
    ({"agent_name": "a b"}, "'a b' in <agent_name> is not a name"),
    ({"agent_name": "%H"}, "'%H' in <agent_name> is not a name"),
    ({"groups": "a b"}, "'a b' is not a valid value for groups in [agent]"),
    ({"agent_address": "10.0.0.256"}, "is not a valid value for ip in [agent]"),
    ({"port": "http"}, "'http' is not a valid value for port in [manager]"),
    ({"port": "0"}, "a port from 1 to 65535"),
    ({"manager_address": "m:1514"}, "'m:1514' in <manager_address>"),
    ({"manager_address": " m "}, "' m ' in <manager_address>"),
    ({"agent_address": "10.0.0.1", "use_source_ip": "yes"}, "contradicts <agent_address>"),
    ({"agent_certificate_path": "etc/\x1b[31m", "agent_key_path": "k"}, r"etc/\x1b[31m"),
], ids=str)
def test_invalid_value(machine, agents_conf, start_manager, enrollment, words):
    """Refused, with its place; and what is ours instead helps."""
    manager = start_manager()
    agents_conf.write(wazuh_4(manager.host, **{"port": manager.port, **enrollment}))
    element = list(enrollment)[-1 if "use_source_ip" in enrollment else 0]
    machine.fails("misconfigured", agents_conf.at(f"<{element}>"), words,
                  "or set ", "in agent-register.conf", name=None)
    assert manager.conversations == []
    machine.registers(manager=manager, settings={"agent.ip": "any"})


BROKEN = wazuh_4("127.0.0.1").replace("<!-- Agent buffer options -->", "<!-- never closed")


def test_broken_file(machine, agents_conf, start_manager):
    """An error where something is needed of it; the agent itself would not start with it."""
    agents_conf.write(BROKEN)
    machine.fails("misconfigured", agents_conf.path, "line ")
    manager = start_manager()
    result = machine.register(manager=manager)
    assert result.status == 0 and agents_conf.path in result.failure, result
    assert "registering without what it says" in result.failure, result
    assert machine.register("check", manager=manager).status == 0


@pytest.mark.parametrize("command", [["status"], ["reset", "--yes"]])
def test_broken_file_is_no_matter(machine, agents_conf, command):
    agents_conf.write(BROKEN)
    machine.install_key()
    result = machine.register(*command)
    assert result.status == 0 and result.failures == [], result


def test_valid_key_and_broken_file(machine, agents_conf):
    agents_conf.write(BROKEN)
    machine.install_key()
    result = machine.register()
    assert result.status == 0 and result.failures == [], result


def test_agent_auth_reads_no_such_file(agent_auth, start_manager):
    manager = start_manager()
    AgentsConf(agent_auth).write(wazuh_4(manager.host, groups="theirs", agent_address="10.0.0.1"))
    agent_auth.registers(manager=manager)
    assert manager.requests == [b"OSSEC A:'web-01'\n"]


@pytest.mark.parametrize("command", ["run", "check"])
def test_exit_status_of_misconfiguration(machine, agents_conf, command):
    agents_conf.write(wazuh_4("127.0.0.1"))
    assert machine.register(command, trust=None).status == EXIT_CODES["misconfigured"]
