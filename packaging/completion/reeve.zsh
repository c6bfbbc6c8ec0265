#compdef reeve
# zsh completion for reeve: asks `reeve COMMAND --help`, so it knows what the installed program knows.

_reeve() {
  local -a commands offers
  local word
  for word in ${words[2,CURRENT-1]}; do
    [[ $word == [a-z]* ]] || break
    commands+=$word
  done
  case ${words[CURRENT-1]} in
    --config|-c|--data|--offline|--prices|--mappings|--html|--git|--output|-o|--checkpoint|--entry|--certificate|--private-key|check-proof|consistency|init|backup) _files; return ;;
  esac
  offers=(${(f)"$(${words[1]} $commands --help 2>/dev/null | sed -n '
    /^Subcommands:/,$ s/^  \([a-z][a-z-]*\)  *\(.*\)/\1:\2/p
    /^Options:/,/^$/ {
      s/^  *\(-[^, ]*,\)*\(--[a-z-]*\)[^ ]*  *\(.*\)/\2:\3/; T
      s/:[A-Z]\{3,\}[^ ]*\( REQUIRED\)*\( \.\.\.\)*  */:/; p }')"})
  [[ $#commands == 4 && "$commands[1,3]" == "policy check-state set" ]] && offers+=(green red)
  _describe 'reeve' offers
  [[ "$commands[1,2]" == "change import" || "$commands[1,2]" == "policy replay" || "$commands[1,2]" == "policy diff" ||
     "$commands[1,2]" == "budget set" ]] && _files
}

_reeve "$@"
