# Machines that register with a Wazuh or OSSEC manager when they boot first. doc/terraform.md
# explains it.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "image" {
  description = "An image with cloud-init, the agent and agent-register, both enabled"
  type        = string
}

variable "manager" {
  description = "The address of the manager, as its certificate has it"
  type        = string
}

variable "password" {
  description = "The registration password"
  type        = string
  sensitive   = true
}

variable "instances" {
  type    = number
  default = 1
}

resource "aws_instance" "web" {
  count         = var.instances
  ami           = var.image
  instance_type = "t3.small"

  user_data = templatefile("${path.module}/user-data.yaml.tftpl", {
    manager    = var.manager
    manager_ca = trimspace(file("${path.module}/manager-ca.pem"))
    password   = var.password
  })
  user_data_replace_on_change = false
}
