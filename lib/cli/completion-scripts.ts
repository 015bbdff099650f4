/** What a shell reads at its start; it asks kcharm for the words, so names of the model are among them. */
export const COMPLETION_SCRIPTS: Record<string, string> = {
  bash: `_kcharm() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while read -r line; do COMPREPLY+=("$line"); done < <(kcharm complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _kcharm kcharm
`,
  zsh: `#compdef kcharm
_kcharm() {
  local -a found
  found=("\${(@f)$(kcharm complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
compdef _kcharm kcharm
`,
  fish: `function __kcharm
    set -l words (commandline -opc) (commandline -ct)
    set -l found (kcharm complete -- $words[2..] 2>/dev/null)
    if set -q found[1]
        string join \\n -- $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c kcharm -f -a '(__kcharm)'
`,
}
