# What is installed for people to read and to copy from.
exampledir = $(docdir)/examples
if WITH_CLIENT
dist_example_DATA += doc/examples/cloud-init-user-data.yaml doc/examples/cloud-init-names.yaml \
	doc/examples/agent-name.service
# The guides, which refer to the examples as they do here. doc/README.md is for here only.
dist_doc_DATA += doc/cloud-init.md doc/credentials.md doc/messages.md doc/moving.md doc/ossec.md \
	doc/proxies.md doc/replacing-ossec-authd.md doc/tls.md doc/troubleshooting.md \
	doc/wazuh-4.md doc/wazuh-5.md
dist_doc_DATA += doc/ansible.md doc/autoscaling.md
dist_doc_DATA += doc/containers.md doc/first-steps.md doc/boot-timeline.svg
dist_doc_DATA += doc/golden-images.md doc/terraform.md
ansibleexampledir = $(exampledir)/ansible
dist_ansibleexample_DATA = doc/examples/ansible/site.yml
ansiblerole = $(ansibleexampledir)/agent_register
ansibletasksdir = $(ansiblerole)/tasks
dist_ansibletasks_DATA = doc/examples/ansible/agent_register/tasks/main.yml
ansibledefaultsdir = $(ansiblerole)/defaults
dist_ansibledefaults_DATA = doc/examples/ansible/agent_register/defaults/main.yml
ansiblehandlersdir = $(ansiblerole)/handlers
dist_ansiblehandlers_DATA = doc/examples/ansible/agent_register/handlers/main.yml
ansibletemplatesdir = $(ansiblerole)/templates
dist_ansibletemplates_DATA = \
	doc/examples/ansible/agent_register/templates/agent-register.conf.j2
packerexampledir = $(exampledir)/packer
dist_packerexample_DATA = doc/examples/packer/agent-image.pkr.hcl \
	doc/examples/packer/plugins.pkr.hcl
terraformexampledir = $(exampledir)/terraform
dist_terraformexample_DATA = doc/examples/terraform/main.tf \
	doc/examples/terraform/user-data.yaml.tftpl
endif
EXTRA_DIST += doc/README.md
