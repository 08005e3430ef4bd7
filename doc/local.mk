# What is installed for people to copy from.
exampledir = $(docdir)/examples
dist_example_DATA = doc/examples/cloud-init-user-data.yaml
