# SPDX-License-Identifier: ISC
"""Managers behind an HTTP proxy that demands a password: what it is sent, and what nobody else may
see."""
import pytest
from proxies import basic, read_request, says, through, tunnel


def test_authentication(machine, start_manager, start_proxy):
    secret = basic("DOMAIN\\web", "open sesame")
    machine.secrets.append(secret)
    proxy = start_proxy(tunnel(credentials=secret))
    machine.registers(manager=start_manager(), settings=through(
        proxy, "DOMAIN%5Cweb", **{"auth.proxy_password_file": machine.password("open sesame\n")}))
    assert proxy.conversation.request.count(b"Proxy-Authorization") == 1


def test_password_from_a_credential(machine, start_manager, start_proxy, credentials):
    machine.secrets.append("open sesame")
    credentials.put("agent-register.proxy-password", "open sesame\n")
    machine.registers(
        manager=start_manager(),
        environment=credentials.environment,
        settings=through(start_proxy(tunnel(credentials=basic("web", "open sesame"))), "web"),
    )


def test_user_without_a_password(machine, start_manager, start_proxy):
    machine.registers(manager=start_manager(),
                      settings=through(start_proxy(tunnel(credentials=basic("web", ""))), "web"))


@pytest.mark.parametrize(
    "user, schemes, words",
    [
        (None, ["Basic realm=x"], ["407", "http://USER@HOST:PORT", "proxy_password_file"]),
        ("web", ["Basic realm=x"], ["407", "user", "password", "wrong"]),
        ("web", ["Negotiate", "NTLM"], ["407", "other than Basic"]),
        (None, ["Digest realm=x"], ["407", "other than Basic"]),
        ("web", ["Negotiate, NTLM, Basic realm=x"], ["wrong"]),
        ("web", [], ["wrong"]),
    ],
    ids=["no user", "wrong", "other schemes", "other scheme, no user", "Basic is among them",
         "no scheme"],
)
def test_proxy_demands_authentication(machine, start_manager, start_proxy, user, schemes, words):
    manager = start_manager()
    fields = "".join(f"Proxy-Authenticate: {scheme}\r\n" for scheme in schemes)
    proxy = start_proxy(
        says(f"HTTP/1.1 407 Proxy Authentication Required\r\n{fields}\r\n".encode())
    )
    machine.install_key()
    machine.fails("refused", proxy.address, manager.address, *words, manager=manager, force=True,
                  settings=through(proxy, user))
    assert manager.conversations == []


@pytest.mark.parametrize("what", ["request", "password", "base64", "protocol-error"])
def test_proxy_that_repeats_what_we_sent(machine, start_manager, start_proxy, what):
    """What comes back is not shown, in whatever form. The run checks for the secrets."""
    encoded = basic("web", "open sesame")
    machine.secrets += [encoded, encoded.rstrip("=")]

    def script(conversation):
        lines = read_request(conversation)
        echo = {
            "request": lines[-1], "password": "wrong password open sesame", "base64": encoded,
            "protocol-error": lines[-1]
        }[what]
        conversation.socket.sendall(
            f"{'' if what == 'protocol-error' else 'HTTP/1.1 407 '}{echo}\r\n\r\n".encode()
        )
    result = machine.fails(
        "protocol-error" if what == "protocol-error" else "refused",
        "echoes our credentials",
        manager=start_manager(),
        settings=through(start_proxy(script), "web",
                         **{"auth.proxy_password_file": machine.password("open sesame")}),
    )
    assert "sesame" not in result.stderr


def test_proxy_that_repeats_a_long_password(machine, start_manager, start_proxy):
    """Of which only the beginning would be shown."""
    password = "open sesame " * 300 + "!"

    def script(conversation):
        conversation.socket.sendall(
            f"HTTP/1.1 407 {read_request(conversation)[-1]}\r\n\r\n".encode()
        )
    settings = through(
        start_proxy(script), "web", **{"auth.proxy_password_file": machine.password(password)}
    )
    result = machine.fails(
        "refused", "echoes our credentials", manager=start_manager(), settings=settings
    )
    assert basic("web", password)[:20] not in result.stderr


@pytest.mark.parametrize(
    "proxy",
    ["http://web:open-sesame@proxy.test:3128", "web:open-sesame@proxy.test",
     "https://web:open-sesame@proxy.test", "http://web:open-sesame@"],
)
def test_password_in_the_address(machine, proxy):
    machine.secrets.append("open-sesame")
    config = machine.write("proxy.conf", f"[manager]\naddress = manager.test\nproxy = {proxy}\n")
    result = machine.register(config=config)
    assert result.status == 78 and "proxy.conf:3: " in result.failure, result
    assert "proxy_password_file" in result.failure, result


def test_password_without_a_user(machine, start_manager):
    machine.fails(
        "misconfigured",
        "http://USER@HOST:PORT",
        manager=start_manager(),
        settings=through("proxy.test", **{"auth.proxy_password_file": machine.password("sesame")}),
    )


def test_missing_password_file(machine, start_manager):
    machine.fails(
        "misconfigured",
        "proxy's password",
        "/nowhere/password",
        manager=start_manager(),
        settings=through("proxy.test", "web", **{"auth.proxy_password_file": "/nowhere/password"}),
    )


def test_password_file_for_everybody(machine, start_manager, start_proxy):
    path = machine.password("open sesame", mode=0o644)
    result = machine.registers(
        manager=start_manager(),
        settings=through(start_proxy(tunnel(credentials=basic("web", "open sesame"))), "web",
                         **{"auth.proxy_password_file": path}),
    )
    assert "chmod 0600" in result.failure, result
