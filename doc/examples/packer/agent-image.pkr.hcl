# A machine image with an agent and without an identity: see golden-images.md. Beside this file have
# to be: manager-ca.pem, the CA that issued the manager's certificate, and packages/ with those of
# agent-register and of the agent.

variable "manager" {
  type        = string
  description = "The host name or the address of the manager."
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "base_image" {
  type        = string
  default     = "debian-12-amd64-*"
  description = "The name of the image to begin with; * stands for anything."
}

source "amazon-ebs" "agent" {
  region        = var.region
  instance_type = "t3.small"
  ssh_username  = "admin"
  ami_name      = "with-agent-${formatdate("YYYYMMDDhhmmss", timestamp())}"

  source_ami_filter {
    owners      = ["136693071363"] # Debian
    most_recent = true
    filters = {
      name                = var.base_image
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }
}

build {
  sources = ["source.amazon-ebs.agent"]

  provisioner "file" {
    sources     = ["packages", "manager-ca.pem"]
    destination = "/tmp/"
  }

  # One step: what fails in it fails the build, and nothing registers meanwhile.
  provisioner "shell" {
    execute_command  = "sudo env {{ .Vars }} sh -eu {{ .Path }}"
    environment_vars = ["MANAGER=${var.manager}"]
    inline = [
      "export DEBIAN_FRONTEND=noninteractive",
      "apt-get update -q",
      "apt-get install -q -y /tmp/packages/*.deb",
      "install -m 644 /tmp/manager-ca.pem /etc/agent-register/manager-ca.pem",
      "mkdir -p /etc/agent-register/agent-register.conf.d",
      <<-END
        cat >/etc/agent-register/agent-register.conf.d/10-site.conf <<CONF
        [manager]
        address = $MANAGER
        [tls]
        ca_file = /etc/agent-register/manager-ca.pem
        [agent]
        name = %l-%i
        set_manager = yes
        own_enrollment = off
        CONF
      END
      ,
      "systemctl enable wazuh-agent agent-register",
      # Fails if the configuration cannot be used.
      "agent-register config >/dev/null",
      # The machine has not registered; this makes sure of it.
      "agent-register reset --yes",
      "rm -r /tmp/packages /tmp/manager-ca.pem",
      "cloud-init clean --logs",
      "truncate -s 0 /etc/machine-id",
    ]
  }
}
