# SPDX-License-Identifier: ISC
"""doc/proxies.md, with a manager and the proxy before it."""
import guide
import proxied_manager
import scripted_manager
import screen


def test_proxies(machine, certificates):
    machine.write("/etc/hosts", machine.read("/etc/hosts").replace("manager.example.org",
                                                                   "proxy.example.org"))
    machine.write("/etc/agent-register/manager-ca.pem", (certificates / "ca.pem").read_text())
    for name, secret in (("password", scripted_manager.PASSWORD),
                         ("proxy-password", proxied_manager.PROXY_PASSWORD)):
        machine.write(f"/etc/agent-register/{name}", secret + "\n", 0o600)
    with guide.Guide("proxies") as page, machine.boot() as system, \
            proxied_manager.ProxiedManager(machine, certificates) as manager:
        system.wait_until_booted()
        page.carry_out("A proxy that machines have to use", agent=screen.Screen(system))
        page.carry_out("A load balancer before several managers")
    assert manager.tunnels[-1][0] == "CONNECT manager.example.org:1515 HTTP/1.1"
    assert manager.requests[-1].startswith(f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:")
