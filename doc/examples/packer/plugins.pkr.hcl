# For Packer 1.7 and later, by "packer init .". Packer 1.6, which Debian 12 has, has the plugin in
# it and does not know this block: remove this file there.
packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.2.0"
    }
  }
}
