# What packages are built of. Named one by one: a build of packages leaves more in debian/.
EXTRA_DIST += packaging/README.md packaging/agent-register.spec packaging/build \
	debian/changelog debian/control debian/copyright debian/rules debian/source/format \
	debian/agent-register-https.install \
	debian/agent-register.README.Debian debian/agent-register.docs \
	debian/agent-register.install debian/agent-register.lintian-overrides \
	debian/agent-register.postinst \
	debian/agent-register.postrm debian/agent-register.prerm \
	debian/agent-registrar.README.Debian debian/agent-registrar.docs \
	debian/agent-registrar.install debian/agent-registrar.postinst \
	debian/agent-registrar.postrm debian/agent-registrar.prerm
