/*
 * What the shells load. Each script asks the program itself what may stand where the cursor is, so that nothing of the command
 * line is said a second time and the names of services are those that run now.
 */

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The word that the scripts give in place of a shell, and the answer by which the shell looks for directories itself. */
export const ASK = "candidates";
export const DIRECTORIES = ":directories";

/*
 * bash cuts words at "=", "@" and ":" as well, and replaces only what follows the last of them: the line is cut again at
 * blanks, and what bash keeps is taken off each candidate.
 */
const BASH = `# Completion of daemonsup for bash: put this file into /etc/bash_completion.d, or say
#   source <(daemonsup completion bash)
_daemonsup() {
  local line="\${COMP_LINE:0:COMP_POINT}" words current kept answer candidate
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current="\${words[-1]}"
  kept="\${current%"\${current##*[=@:]}"}"
  COMPREPLY=()
  while IFS= read -r answer; do
    if [[ $answer == ${DIRECTORIES}* ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -d -- "\${current##*=}")
      return
    fi
    candidate="\${answer%%$'\\t'*}"
    COMPREPLY+=("\${candidate#"$kept"}")
  done < <("\${words[0]}" completion ${ASK} -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _daemonsup daemonsup
`;

const ZSH = `#compdef daemonsup
# Completion of daemonsup for zsh: put this file, as _daemonsup, into a directory of $fpath, or say
#   source <(daemonsup completion zsh)
_daemonsup() {
  local -a answers candidates
  local answer
  answers=("\${(@f)$("\${words[1]}" completion ${ASK} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for answer in "\${answers[@]}"; do
    [[ -z $answer ]] && continue
    if [[ $answer == ${DIRECTORIES}* ]]; then
      compset -P '*='
      _files -/
      return
    fi
    candidates+=("\${\${answer%%$'\\t'*}//:/\\\\:}:\${answer#*$'\\t'}")
  done
  _describe -V daemonsup candidates
}
if [[ $funcstack[1] == _daemonsup ]]; then _daemonsup "$@"; else compdef _daemonsup daemonsup; fi
`;

const FISH = `# Completion of daemonsup for fish: put this file, as daemonsup.fish, into ~/.config/fish/completions, or say
#   daemonsup completion fish | source
function __daemonsup_candidates
  set -l words (commandline --tokenize --cut-at-cursor --current-process)
  set -l current (commandline --cut-at-cursor --current-token)
  for answer in ($words[1] completion ${ASK} -- $words[2..-1] $current 2>/dev/null)
    if string match --quiet '${DIRECTORIES}*' -- $answer
      __fish_complete_directories $current ''
    else
      echo $answer
    end
  end
end
complete --command daemonsup --no-files --keep-order --arguments '(__daemonsup_candidates)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
