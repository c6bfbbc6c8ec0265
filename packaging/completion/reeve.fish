# fish completion for reeve: asks `reeve COMMAND --help`, so it knows what the installed program knows.
function __reeve_offers
    set -l commands
    for word in (commandline -opc)[2..-1]
        string match -qr '^[a-z]' -- $word; or break
        set -a commands $word
    end
    if test (count $commands) -eq 4; and test "$commands[1..3]" = "policy check-state set"
        printf '%s\n' green red
    end
    reeve $commands --help 2>/dev/null | sed -n '
      /^Subcommands:/,$ s/^  \([a-z][a-z-]*\)  *\(.*\)/\1\t\2/p
      /^Options:/,/^$/ {
        s/^  *\(-[^, ]*,\)*\(--[a-z-]*\)[^ ]*  *\(.*\)/\2\t\3/; T
        s/\t[A-Z]\{3,\}[^ ]*\( REQUIRED\)*\( \.\.\.\)*  */\t/; p }'
end
complete -c reeve -f -a '(__reeve_offers)'
complete -c reeve -n '__fish_seen_subcommand_from init backup import replay diff check-proof consistency evidence' -F
complete -c reeve -n '__fish_seen_subcommand_from budget; and __fish_seen_subcommand_from set' -F
complete -c reeve -s c -l config -r -F
complete -c reeve -l data -r -F
