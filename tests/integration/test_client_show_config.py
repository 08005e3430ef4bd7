# SPDX-License-Identifier: ISC
"""The command config: the configuration in effect, and where each value is from."""
import json
import os
import re

import pytest
from agents_conf import wazuh_4

FILE = """[manager]
address = one.example.org
address = [::1]:99
[tls]
ca_file = /etc/manager-ca.pem
[agent]
groups = a,b
[retry]
max = 90
"""


def show(machine, *arguments, **options):
    return machine.register("config", *arguments, trust=None, name=None, **options)


def values_of(text):
    """(KEY, VALUE, SOURCE) of each line that is not a section; KEY begins with "#" if nothing has
    set it."""
    return [re.fullmatch(r"(#?\w+) = (.*?) +; (.*)", line).groups() if " ; " in line else line
            for line in text.splitlines() if line and not line.startswith("[")]


def test_every_key_with_its_source(machine):
    config = machine.write("a.conf", FILE)
    result = show(machine, config=config, settings={"tls.min_version": "1.3"})
    assert result.status == 0 and result.stderr == "", result
    values = values_of(result.stdout)
    assert ("address", "one.example.org", f"{config}:2") in values, result
    assert ("address", "[::1]:99", f"{config}:3") in values, result
    assert ("ca_file", "/etc/manager-ca.pem", f"{config}:5") in values, result
    assert ("groups", "a", f"{config}:7") in values, result
    assert ("groups", "b", f"{config}:7") in values, result
    assert ("max", "1 min 30 s", f"{config}:9") in values, result
    assert ("min_version", "1.3", "the command line") in values, result
    assert ("directory", machine.agent, "the command line") in values, result
    assert ("#method", "authd", "default") in values, result
    assert ("#port", "", "not set: 1515 for method authd") in values, result
    assert ("#pin", "", "not set") in values, result


ENDPOINT = """<ossec_config>
<agent>
<manager><endpoint>https://m.example:8443/a</endpoint></manager>
<enrollment><groups>web,linux</groups></enrollment>
<ssl><certificate>etc/c</certificate><key>/k</key></ssl>
</agent>
</ossec_config>
"""
PATHS = {"server_ca_path": "/ca", "agent_certificate_path": "etc/c", "agent_key_path": "/k"}
NAMES = {"agent_name": "web-07", "groups": "web,linux", "use_source_ip": "yes", "port": "99"}
AGENTS_FILES = {
    "none": None,
    "placeholder": ("4.14.7", wazuh_4()),
    "servers": ("4.14.7", wazuh_4("one.example", "192.0.2.2", manager_address="m.example")),
    "all": ("4.14.7", wazuh_4("one.example", **NAMES, **PATHS)),
    "half": ("4.14.7", wazuh_4("one.example", groups="web", agent_key_path="etc/k")),
    "endpoint": ("5.0.0", ENDPOINT),
}
OURS = {
    "nothing": {},
    "trust": {"tls.verify": "no"},
    "their CA": {"tls.ca_file": "inherit"},
    "manager": {"manager.address": "ours.example:1", "tls.ca_file": "/ca"},
    "name": {"agent.name": "%l-x", "agent.placeholder_names": "image*,*.golden"},
    "group": {"agent.groups": "a,b", "agent.own_enrollment": "same"},
    "method": {"manager.method": "enroll", "auth.token_file": "/token"},
    "import": {"manager.method": "import", "auth.key_file": "/key"},
    "no inheritance": {"agent.inherit": "no", "retry.initial": "1 s", "tls.verify": "no"},
    "everything": {"manager.method": "api", "manager.address": "[2001:db8::1]:55000",
                   "auth.api_user": "admin", "auth.api_password_file": "/" + 150 * "p",
                   "identity.settle": "1h 5us", "retry.splay": "0", "tls.ciphers": "A;B:C#D",
                   "manager.proxy": "http://me@[2001:db8::2]:1", "agent.ip": "10.0.0.0/8",
                   "agent.manager_address": "events.example", "manager.probe": "yes"},
}


@pytest.mark.parametrize("ours", OURS)
@pytest.mark.parametrize("theirs", AGENTS_FILES)
def test_what_it_prints_has_the_same_in_effect(machine, agents_conf, ours, theirs):
    """The same values, and the same of them set, whoever has set them first."""
    if AGENTS_FILES[theirs]:
        version, text = AGENTS_FILES[theirs]
        agents_conf.write(text, version)
        agents_conf.put("etc/authd.pass", "word\n")
    config = machine.write("a.conf", FILE if ours == "name" else "")
    first = show(machine, config=config, settings=OURS[ours])
    again = machine.write("again.conf", first.stdout)
    second = show(machine, config=again)
    assert first.stdout and first.status == second.status, (first, second)

    def without_sources(text):
        lines = [re.sub(r" *; .*", "", line) for line in text.splitlines()]
        return [line for line in lines if line]
    assert without_sources(second.stdout) == without_sources(first.stdout)

    def values(**options):
        return {(section, key): each["value"]
                for section, keys in json.loads(
                    show(machine, "--json", **options).stdout)["settings"].items()
                for key, each in keys.items()}
    assert values(config=again) == values(config=config, settings=OURS[ours])


def test_json(machine):
    config = machine.write("a.conf", FILE)
    result = show(machine, "--json", config=config, settings={"tls.verify": "yes"})
    assert result.status == 0 and result.stderr == "", result
    shown = json.loads(result.stdout)
    assert shown["valid"] is True and shown["problem"] is None and shown["configured"] is True
    settings = shown["settings"]
    assert settings["manager"]["address"] == {
        "value": ["one.example.org", "[::1]:99"], "source": [f"{config}:2", f"{config}:3"]}
    assert settings["manager"]["port"] == {"value": None, "source": None}
    assert settings["manager"]["method"] == {"value": "authd", "source": None}
    assert settings["tls"]["verify"] == {"value": True, "source": "the command line"}
    assert settings["tls"]["pin"] == {"value": [], "source": []}
    assert settings["retry"]["max"] == {"value": "1 min 30 s", "source": f"{config}:9"}


def test_both_have_the_same_keys(machine):
    text, data = show(machine).stdout, json.loads(show(machine, "--json").stdout)
    keys, section = set(), None
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line:
            keys.add((section, line.split(" = ")[0].lstrip("#")))
    assert keys == {(section, key) for section, of in data["settings"].items() for key in of}
    assert len(keys) > 30


@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["text", "json"])
def test_invalid(machine, arguments):
    """What it is, is shown nevertheless; and why it is not valid, as by any other command."""
    result = show(machine, *arguments, config=machine.write("a.conf", FILE),
                  settings={"tls.verify": "no"})
    assert result.status == 78 and "contradicts ca_file" in result.failure, result
    assert "/etc/manager-ca.pem" in result.stdout, result
    if arguments:
        shown = json.loads(result.stdout)
        assert shown["valid"] is False and shown["problem"] == result.failure


def test_unreadable(machine):
    config = machine.write("a.conf", "[manager]\nadress = x\n")
    result = show(machine, config=config)
    assert result.status == 78 and f"{config}:2: " in result.failure, result
    assert result.stdout == "", result


def test_unconfigured_is_not_invalid(machine):
    result = show(machine, "--json")
    assert result.status == 0 and json.loads(result.stdout)["configured"] is False, result


def test_credentials(machine):
    directory = os.path.join(machine.directory, "credentials")
    os.mkdir(directory)
    machine.write("credentials/agent-register.conf", "[manager]\naddress = m\n")
    machine.write("credentials/agent-register.password", "secret-word\n")
    result = show(machine, environment={"CREDENTIALS_DIRECTORY": directory})
    values = values_of(result.stdout)
    assert ("address", "m", f"{directory}/agent-register.conf:2") in values, result
    assert ("password_file", f"{directory}/agent-register.password",
            "the credential agent-register.password") in values, result
    assert "secret-word" not in result.stdout


@pytest.mark.parametrize("command", ["config", "check", "run", "status"])
def test_secret_in_place_of_its_file(machine, command):
    for key in ("auth.password_file", "auth.proxy_password_file", "auth.api_password_file",
                "auth.token_file", "auth.key_file", "tls.private_key_file"):
        section, name = key.split(".")
        config = machine.write("a.conf", f"[{section}]\n{name} = hunter2\n")
        result = machine.register(command, config=config)
        assert result.status == 78 and "hunter2" not in result.stdout + result.stderr, result
        said = result.stdout if command in ("check", "status") else result.stderr
        assert f"{config}:2: the value for {name} in [{section}] is not valid" in said


def test_password_in_a_wrong_place(machine):
    """Refused, and not shown."""
    for settings in ({"manager.proxy": "http://me:hunter2@proxy"},
                     {"auth.api_user": "admin:hunter2", "manager.method": "api",
                      "manager.address": "m", "tls.ca_file": "/ca",
                      "auth.api_password_file": "/p"}):
        for arguments in ([], ["--json"]):
            result = show(machine, *arguments, settings=settings)
            assert result.status == 78 and "hunter2" not in result.stdout + result.stderr, result
