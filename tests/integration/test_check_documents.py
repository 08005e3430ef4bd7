# SPDX-License-Identifier: ISC
"""tests/check-documents finds each way in which a document and a program can differ."""
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or ROOT)
sys.path.append(str(ROOT / "tests"))

# pylint: disable=wrong-import-position
from documents import (configuration, meanings, options, programs, prose,  # noqa: E402
                       repository, spelling)
from documents.tree import Tree  # noqa: E402

AS_IT_IS = Tree(ROOT, BUILD)

pytestmark = pytest.mark.skipif(not all(AS_IT_IS.built(name) for name in programs.PAGES),
                                reason="one of the programs is not built")


class Changed(Tree):
    """The source with one file changed (old None: added to), and the programs as they are."""

    def __init__(self, path, old, new):
        super().__init__(ROOT, BUILD)
        self.path, self.old, self.new = path, old, new
        assert old is None or old in AS_IT_IS.read(path)

    def read(self, path):
        text = AS_IT_IS.read(path)
        if str(path) != self.path:
            return text
        return text + self.new if self.old is None else text.replace(self.old, self.new)

    def output(self, *arguments, **keywords):
        return AS_IT_IS.output(*arguments, **keywords)

    def page(self, name):
        return super().page(name) if self.path == f"man/{name}" else AS_IT_IS.page(name)

    def texts(self):
        return ((path, text) for path, text in super().texts() if str(path) == self.path)


CLIENT, REGISTRAR = "man/agent-register.8", "man/agent-registrar.8"
CONF, SHIPPED = "man/agent-register.conf.5", "etc/agent-register.conf"
CHANGES = [
    # options and commands
    (options, CLIENT, ".It Fl -yes\n", ".It Fl -yeah\n",
     "agent-register.8 does not explain --yes of agent-register",
     "agent-register.8 names --yeah, which agent-register does not have"),
    (options, CLIENT, ".Op Fl -json\n", "",
     "agent-register.8 does not have --json in its synopsis"),
    (options, CLIENT, ".Op Fl dhV\n", ".Op Fl dhVz\n",
     "agent-register.8 names -z, which agent-register does not have"),
    (options, CLIENT, ".It Fl A , Fl -name", ".It Fl D , Fl -name",
     "agent-register.8 has -D for --name, and agent-register has not"),
    (options, CLIENT, "1515 for authd, 55000 for api", "1514 for authd, 55000 for api",
     "agent-register.8 and agent-register --help: 1514 as a default of --port is in one of them "
     "only"),
    (options, CLIENT, ".Pa /var/ossec .\n.It Fl -at-poweroff", ".Pa /opt/ossec .\n.It Fl "
     "-at-poweroff", "agent-register.8 and agent-register --help: /opt/ossec as a default of "
     "--directory is in one of them only"),
    (options, CLIENT, ".Ql enroll\nor\n.Ql import .\n.It Fl p",
     ".Ql import .\n.It Fl p", "agent-register.8 does not explain enroll of --method"),
    (options, REGISTRAR, "The default is 4096", "The default is 2048",
     "agent-registrar.8 and agent-registrar --help: 4096 as a default of --max-connections is in "
     "one of them only"),
    (options, REGISTRAR, "The default is 1517.\n", "",
     "agent-registrar.8 and agent-registrar --help: 1517 as a default of --port is in one of them "
     "only"),
    (options, CLIENT, ".It Cm trust\n", ".It Cm distrust\n",
     "agent-register.8 does not explain the command trust",
     "agent-register.8 explains distrust, which is no command of agent-register"),
    (options, REGISTRAR, ".It Cm token purge", ".It Cm token clear",
     "agent-registrar.8 does not explain token purge"),
    (options, "man/agent-auth.8", ".It Fl P Ar", ".It Fl Q Ar",
     "agent-auth.8 does not explain -P of agent-auth",
     "agent-auth.8 explains -Q, which agent-auth -h does not list"),
    (options, "src/client/config/config.c", "ROW(agent, name,", "ROW(agent, title,",
     "agent-auth-output.c has words for 'name in [agent]', of which no message is composed"),
    # the configuration
    (configuration, SHIPPED, "#settle = 0 s\n", "#sattle = 0 s\n",
     "etc/agent-register.conf does not have settle in [identity]",
     "etc/agent-register.conf has sattle in [identity], which is no key"),
    (configuration, SHIPPED, "#budget = 90 s\n", "#budget = 60 s\n",
     "etc/agent-register.conf has '60 s' as the default of budget in [retry], which is '90 s'"),
    (configuration, SHIPPED, "register, keep, refuse.", "register, refuse.",
     "etc/agent-register.conf does not name keep, a value of on_clone in [identity]"),
    (configuration, CONF, ".It Va settle\n", ".It Va sattle\n",
     "agent-register.conf.5 does not explain settle in [identity]",
     "agent-register.conf.5 explains sattle in [identity], which is no key"),
    (configuration, CONF, "The default is 90 s for", "The default is 60 s for",
     "agent-register.conf.5 does not say that the default of budget in [retry] is 90 s"),
    (configuration, CONF, "1 s and 5 min by default", "1 s and 1 min by default",
     "agent-register.conf.5 does not say that the default of max in [retry] is 5 min"),
    (configuration, CONF, ".Ql same\nwrites", ".Ql equal\nwrites",
     "agent-register.conf.5 does not explain same, a value of own_enrollment in [agent]"),
    (configuration, CONF, "1515 for\n", "1514 for\n",
     "agent-register.conf.5 does not say that the port of method authd is 1515"),
    (configuration, "systemd/agent-register.service.in", "LoadCredential=agent-register.ca\n",
     "LoadCredential=agent-register.cas\n",
     "the unit does not load the credential agent-register.ca",
     "the unit or agent-register.conf.5 has the credential agent-register.cas, which nobody reads"),
    # outcomes, exit statuses, MESSAGE_IDs, calls
    (meanings, CLIENT, ".It Ql crashed\n", ".It Ql killed\n",
     "agent-register.8 does not explain the outcome crashed",
     "agent-register.8 explains the outcome killed, which does not exist"),
    (meanings, CLIENT, ".It 70\n", ".It 69\n",
     "agent-register.8 does not explain exit status 70",
     "agent-register.8 explains exit status 69, which does not exist"),
    (meanings, REGISTRAR, ".It 74\n", ".It 72\n",
     "agent-registrar.8 does not explain exit status 74",
     "agent-registrar.8 explains exit status 72, which does not exist"),
    (meanings, "man/agent-auth.8", ".It 1\n", ".It 2\n",
     "agent-auth.8 does not explain exit status 1",
     "agent-auth.8 explains exit status 2, which does not exist"),
    (meanings, "etc/agent-register.catalog", "-- 119def", "-- 219def",
     "agent-register.catalog does not explain the MESSAGE_ID 119def1dd58b41b28558a32edcc128a0",
     "agent-register.catalog explains the MESSAGE_ID 219def1dd58b41b28558a32edcc128a0, "
     "which does not exist"),
    (meanings, CLIENT, ".It Li 119def", ".It Li 219def",
     "agent-register.8 does not explain the MESSAGE_ID 119def1dd58b41b28558a32edcc128a0",
     "agent-register.8 explains the MESSAGE_ID 219def1dd58b41b28558a32edcc128a0, "
     "which does not exist"),
    (meanings, "doc/messages.md", "MESSAGE_ID=119def", "MESSAGE_ID=219def",
     "doc/messages.md does not explain the MESSAGE_ID 119def1dd58b41b28558a32edcc128a0",
     "doc/messages.md explains the MESSAGE_ID 219def1dd58b41b28558a32edcc128a0, "
     "which does not exist"),
    (meanings, "src/registrar/api/groups.c", '"/groups"', '"/group"',
     "agent-registrar.8 does not explain the call GET /group",
     "agent-registrar.8 explains the call GET /groups, which does not exist"),
    (meanings, "src/registrar/api/list.c", '.name = "older_than"', '.name = "younger_than"',
     "agent-registrar.8 does not explain the parameter younger_than of src/registrar/api/list.c"),
    # what texts name
    (prose, "README.md", None, "`agent-registrar list --jason`\n",
     "README.md: agent-registrar has no option --jason"),
    (prose, "README.md", None, "```sh\nssh web-01 agent-register -m host pint\n```\n",
     "README.md: agent-register has no command pint"),
    (prose, "README.md", None, "    agent-auth -m host --yes\n",
     "README.md: agent-auth has no option --yes"),
    (prose, "README.md", None, "```ini\n[tls]\nca_files = /etc/ca.pem\n```\n",
     "README.md: there is no key ca_files in [tls]"),
    (prose, "README.md", None, "`set_manager = true` in `[agent]`\n",
     "README.md: true is no value of set_manager in [agent]"),
    (prose, "README.md", None, "`address` in `[agent]`\n",
     "README.md: there is no key address in [agent]"),
    (prose, "README.md", None, "`password_files`\n", "README.md: there is no key password_files"),
    (prose, "README.md", None, "    agent-register --set tls.pins=x\n",
     "README.md: there is no key pins in [tls]"),
    (prose, "doc/examples/cloud-init-user-data.yaml", "ca_file =", "ca_flie =",
     "doc/examples/cloud-init-user-data.yaml: there is no key ca_flie in [tls]"),
    (prose, "etc/agent-register.catalog", "    agent-register check", "    agent-register adress",
     "etc/agent-register.catalog: agent-register has no command adress"),
    (prose, "README.md", None, "agent-registrar-5.socket\n",
     "README.md: there is no unit agent-registrar-5.socket"),
    (prose, "README.md", None, "OUTCOME='lost', or the outcome `late`\n",
     "README.md: there is no outcome lost", "README.md: there is no outcome late"),
    (prose, "README.md", None, "d494c65ef2d144039f0d1cfb4c9f38e4\n",
     "README.md: d494c65ef2d144039f0d1cfb4c9f38e4 is no MESSAGE_ID"),
    (prose, CONF, "fails with exit status 79", "fails with exit status 80",
     "man/agent-register.conf.5: no program has the exit status 80"),
    (prose, CONF, "POST /wazuh-manager/enroll", "POST /wazuh-manager/enrol",
     "man/agent-register.conf.5: there is no call POST /wazuh-manager/enrol"),
    (prose, "src/client/config/rules.c", "verify = no in [tls]", "check = no in [tls]",
     "src/client/config/rules.c: there is no key check in [tls]"),
    (prose, "README.md", None, "[a](DESIGN.md) [b](#no-such) [c](CONTRIBUTING.md#no-such) [d][e]\n",
     "README.md: the link DESIGN.md leads to a file that is not there",
     "README.md: the link #no-such leads to a heading that is not there",
     "README.md: the link CONTRIBUTING.md#no-such leads to a heading that is not there",
     "README.md: the link [e] leads nowhere"),
    (prose, "README.md", None, "`budget` (default 60 s), `splay = 1 s` is the default\n",
     "README.md: the default of budget in [retry] is not 60 s",
     "README.md: the default of splay in [retry] is not 1 s"),
    (prose, "README.md", None, "<https://:1/>\n", "README.md: https://:1/ is no valid address"),
    # the repository
    (repository, "ARCHITECTURE.md", "`client/agent-files/`", "`client/agent-fails/`",
     "client/agent-fails/, which ARCHITECTURE.md names, does not exist"),
    (repository, "doc/README.md", "(cloud-init.md)", "(cloud.md)",
     "doc/README.md does not name cloud-init.md"),
    (repository, "doc/local.mk", "doc/cloud-init.md", "doc/cloud.md",
     "doc/local.mk does not install cloud-init.md"),
    (repository, "tests/guides/test_cloud_init.py", 'guide.Guide("cloud-init"', "guide.Guide(NAME",
     "no test in tests/guides/test_cloud_init.py carries out doc/cloud-init.md"),
    (repository, "configure.ac", "AC_INIT([agent-register], [", "AC_INIT([agent-register], [9",
     "NEWS does not begin with agent-register 9"),
    (repository, "packaging/agent-register.spec", "\nVersion: ", "\nVersion: 9",
     "agent-register.spec is not about"),
]


WRONG = "seper" "ate"  # which this file does not contain


def said(check, tree):
    return [fault for fault in check.check(tree) if not fault.startswith("SKIP: ")]


@pytest.mark.parametrize("check,path,old,new,faults", [
    pytest.param(check, path, old, new, faults,
                 id=f"{check.__name__.rpartition('.')[2]}-{index}")
    for index, (check, path, old, new, *faults) in enumerate(CHANGES)])
def test_change_is_found(check, path, old, new, faults):
    found = said(check, Changed(path, old, new))
    for fault in faults:
        assert any(each.startswith(fault) for each in found), found


class OtherProgram(Tree):
    """The programs say something else when they are called so."""

    def __init__(self, argument, old, new):
        super().__init__(ROOT, BUILD)
        self.argument, self.old, self.new = argument, old, new

    def output(self, *arguments, **keywords):
        text = AS_IT_IS.output(*arguments, **keywords)
        return text.replace(self.old, self.new) if self.argument in arguments else text


@pytest.mark.parametrize("check,argument,old,new,fault", [
    (options, "--help", "      --yes  ", "      --sure ",
     "agent-register.8 does not explain --sure of agent-register"),
    (options, "fish", " -l yes ", " -l sure ",
     "agent-register --help and its completion for fish differ"),
    (options, "bash", " --yes ", " ",
     "the completion of agent-register for bash does not have --yes"),
    (options, "zsh", " --yes ", " ",
     "the completion of agent-register for zsh does not have --yes"),
    (options, "zsh", " trust ", " ",
     "the completion of agent-register for zsh does not have trust"),
    (options, "--help", "(30)", "(31)", "agent-registrar.8 and agent-registrar --help: 31 as a "
     "default of --timeout is in one of them only"),
    (configuration, "config", '"settle"', '"delay"',
     "agent-register.conf.5 does not explain delay in [identity]"),
    (prose, "config", '"settle"', '"delay"',
     "etc/agent-register.conf: there is no key settle in [identity]"),
])
def test_change_of_a_program_is_found(check, argument, old, new, fault):
    found = said(check, OtherProgram(argument, old, new))
    assert any(each.startswith(fault) for each in found), found


@pytest.mark.parametrize("check", [options, configuration, meanings, prose, repository])
def test_nothing_else_is_found(check):
    assert said(check, AS_IT_IS) == []


@pytest.mark.skipif(spelling.missing() is not None, reason=str(spelling.missing()))
@pytest.mark.parametrize("path,text,is_found", [
    ("doc/guide.md", "An adress.\n", True),
    ("src/main.c", "/* An adress. */\n", True),
    ("tests/unit/test.c", "/* adress */\n", False),
    ("tests/unit/test.c", f"/* {WRONG} */\n", True),
    ("tests/data/recorded.txt", f"{WRONG}\n", False),
    ("man/page.8", ".Nd a page\n", False),
])
def test_spelling(path, text, is_found, tmp_path):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert bool(said(spelling, Tree(tmp_path, BUILD))) == is_found
