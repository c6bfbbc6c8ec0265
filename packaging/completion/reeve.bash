# bash completion for reeve: asks `reeve COMMAND --help`, so it knows what the installed program knows.
_reeve() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} word commands=() offers
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == [a-z]* ]] || break
    commands+=("$word")
  done
  case $previous in
    --config | -c | --data | --offline | --prices | --mappings | --html | --output | -o | --detectors | --subtract | --git | --checkpoint | --entry | --certificate | --private-key | check-proof | consistency | init | backup | check | scan) COMPREPLY=($(compgen -f -- "$current")) ; return ;;
  esac
  offers=$("${COMP_WORDS[0]}" "${commands[@]}" --help 2>/dev/null | sed -n '
    /^Subcommands:/,$ s/^  \([a-z][a-z-]*\)  *.*/\1/p
    /^Options:/,/^$/ { s/,/ /g; s/^  *\(\(-[^ ]* *\)*\).*/\1/p }')
  [[ ${#commands[@]} == 4 && ${commands[*]:0:3} == "policy check-state set" ]] && offers+=" green red"
  COMPREPLY=($(compgen -W "$offers" -- "$current"))
  case ${commands[*]:0:2} in
    "change import" | "policy replay" | "policy diff" | "scan" | "scan "* | "fingerprint add" | "edm add" | "detectors test" | "budget set") COMPREPLY+=($(compgen -f -- "$current")) ;;
  esac
}
complete -F _reeve reeve
