# What is installed for people to copy from, and the picture in README.md.
exampledir = $(docdir)/examples
if WITH_CLIENT
dist_example_DATA += doc/examples/cloud-init-user-data.yaml doc/examples/cloud-init-names.yaml \
	doc/examples/agent-name.service
endif
EXTRA_DIST += doc/boot-timeline.svg
