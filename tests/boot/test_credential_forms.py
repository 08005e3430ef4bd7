# SPDX-License-Identifier: ISC
"""What can be wrong with a credential, and the ways in which systemd hands one over."""
import agent_machine
import message_ids
import pytest
import scripted_manager

NO_FILE = agent_machine.configuration().replace("password_file = /etc/agent-register/password\n",
                                                "")
ENCRYPTED = "[Service]\nLoadCredentialEncrypted=agent-register.password\n"
DROP_IN = "/etc/systemd/system/agent-register.service.d/encrypted.conf"
SECRET = "/etc/agent-register/password"

# systemd-nspawn --set-credential understands C escapes
FORMS = {
    "as it is": (scripted_manager.PASSWORD, None),
    "one newline": (scripted_manager.PASSWORD + r"\n", None),
    "two newlines": (scripted_manager.PASSWORD + r"\n\n", "more than one line"),
    "CRLF": (scripted_manager.PASSWORD + r"\r\n", "carriage return"),
    "empty": ("", "is empty"),
    "only a newline": (r"\n", "is empty"),
    "two lines": (r"correct\nhorse\n", "more than one line"),
    "oversized": ("x" * 4095, "4094"),
}


@pytest.mark.parametrize("text, expected", FORMS.values(), ids=FORMS.keys())
def test_form_of_a_password(text, expected, machine, start_manager):
    machine.configure(NO_FILE)
    manager = start_manager(machine)
    with machine.boot(credentials={"agent-register.password": text}) as system:
        state = system.wait_until_booted()
        unit = system.show("agent-register")
        messages = [
            entry["MESSAGE"] for entry in system.journal(MESSAGE_ID=message_ids.MISCONFIGURED)
        ]
    if expected is None:
        assert (state, len(manager.requests)) == ("running", 1)
        assert machine.has_key()
    else:
        assert (state, manager.requests) == ("degraded", [])
        assert (unit["ActiveState"], unit["ExecMainStatus"], unit["NRestarts"]) == (
            "failed",
            "78",
            "0",
        )
        assert len(messages) == 1 and expected in messages[0], messages
        assert "agent-register.password" in messages[0]


def test_missing_credential_is_no_error(machine, start_manager):
    """The manager wants a password, nobody has passed one: its answer counts, and says what to
    do."""
    machine.configure(NO_FILE)
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        (refused,) = system.journal(MESSAGE_ID=message_ids.REFUSED)
    assert "password" in refused["MESSAGE"]


@pytest.mark.parametrize("name, word",
                         [("agent-register.ca", "no PEM data"), ("agent-register.conf", "manger")])
def test_unusable_credential_is_named(name, word, machine, start_manager):
    machine.configure()
    manager = start_manager(machine)
    with machine.boot(credentials={name: r"[manger]\nno certificate\n"}) as system:
        assert system.wait_until_booted() == "degraded"
        (entry,) = system.journal(MESSAGE_ID=message_ids.MISCONFIGURED)
    assert name in entry["MESSAGE"] and word in entry["MESSAGE"]
    assert manager.requests == []


def encrypt(machine, secret):
    """With the machine's own key, as its administrator would."""
    machine.write(DROP_IN, ENCRYPTED)
    machine.path("/etc/credstore.encrypted").mkdir(mode=0o700, exist_ok=True)
    with machine.boot(mask=["agent-register.service"]) as system:
        done = system.run(
            f"systemd-creds setup && printf %s '{secret}' | systemd-creds encrypt --with-key=host "
            "--name=agent-register.password - /etc/credstore.encrypted/agent-register.password"
        )
        if done.exit_status != 0:
            pytest.skip(f"systemd-creds: {done.stdout.strip()}")


def test_encrypted_credential(machine, start_manager):
    """A drop-in with LoadCredentialEncrypted= takes the place of the unit's LoadCredential= of
    the same name."""
    machine.configure(NO_FILE)
    encrypt(machine, scripted_manager.PASSWORD)
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
    assert len(manager.requests) == 1
    assert machine.has_key()


def test_credential_that_cannot_be_decrypted(machine, start_manager):
    """Of another machine, or tampered with: the boot goes on, nobody is asked, nothing loops,
    the journal says it."""
    machine.configure(NO_FILE)
    encrypt(machine, scripted_manager.PASSWORD)
    machine.path("/var/lib/systemd/credential.secret").unlink()
    machine.restart_soon()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        unit = system.show("agent-register")
        # Not -u: the process that says it is gone before the journal looks what unit it was of.
        lines = system.run(
            "journalctl --sync; journalctl -q -b -o cat UNIT=agent-register.service").stdout
    assert manager.requests == []
    assert (unit["ActiveState"], unit["ExecMainStatus"], unit["NRestarts"]) == (
        "failed",
        "243",
        "0",
    )
    assert "Failed to set up credentials" in lines, lines
    assert not machine.agent_starts()


# ------------------------------------------------------------------ forget_secret

FORGET = agent_machine.configuration(more="forget_secret = yes\n")


def test_secret_is_deleted_when_the_key_is_there(machine, start_manager):
    """From inside the sandbox; and the next boot does not miss it."""
    machine.configure(FORGET)
    seen = []

    def answer(request):
        seen.append(machine.path(SECRET).exists())
        return scripted_manager.want_password(request)
    start_manager(machine, answer=answer)
    for _ in range(2):
        with machine.boot() as system:
            assert system.wait_until_booted() == "running"
            assert system.journal(SYSLOG_IDENTIFIER="agent-register", PRIORITY="4") == []
        assert machine.has_key() and not machine.path(SECRET).exists()
    assert seen == [True]


def test_secret_stays_until_the_key_is_there(machine, start_manager):
    machine.configure(FORGET)
    start_manager(machine, answer=scripted_manager.drop)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.cut_power()
    assert machine.read(SECRET) == scripted_manager.PASSWORD + "\n"


def test_credential_is_not_deleted(machine, start_manager):
    """The file beside it has not done any work, either."""
    machine.configure(FORGET)
    start_manager(machine)
    with machine.boot(credentials={"agent-register.password": scripted_manager.PASSWORD}) as system:
        assert system.wait_until_booted() == "running"
        assert system.journal(SYSLOG_IDENTIFIER="agent-register", PRIORITY="4") == []
    assert machine.has_key() and machine.path(SECRET).exists()
