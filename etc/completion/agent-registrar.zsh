#compdef agent-registrar
# SPDX-License-Identifier: ISC
# zsh completion for agent-registrar(8): the program prints it itself.
eval "$(agent-registrar completion zsh 2>/dev/null)"
"_${service//-/_}_complete" "$@"
