#compdef agent-register agent-auth
# SPDX-License-Identifier: ISC
# zsh completion for agent-register(8): the program prints it itself.
eval "$(agent-register completion zsh 2>/dev/null)"
"_${service//-/_}_complete" "$@"
