"""`palate completion`: a script by which a shell completes commands and flags."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Mapping

from palate.cli.console import Console, add_output_flags

NAME = "completion"
HELP = "print the script by which bash, zsh or fish completes commands, flags and files"
EXAMPLES = """  eval "$(palate completion bash)"          # in ~/.bashrc
  eval "$(palate completion zsh)"           # in ~/.zshrc, after compinit
  palate completion fish > ~/.config/fish/completions/palate.fish"""

_BASH = """\
_palate() {
  local words key
  COMPREPLY=()
  key="${COMP_WORDS[1]}"
  [[ "$COMP_CWORD" -ge 3 && "${COMP_WORDS[2]}" != -* ]] && key="$key ${COMP_WORDS[2]}"
  case "$key" in
@CASES@
    *) case "${COMP_WORDS[1]}" in
@OUTER@
      esac ;;
  esac
  [[ "$COMP_CWORD" -eq 1 ]] && words="@COMMANDS@"
  COMPREPLY=( $(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}") )
}
complete -o default -o bashdefault -F _palate palate
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    add_output_flags(parser)
    parser.set_defaults(call=call)


def call(args: argparse.Namespace, console: Console) -> int:
    """Print the script."""
    from palate.cli.main import build_parser

    text = script(args.shell, build_parser())
    console.result({"shell": args.shell, "script": text}, text.rstrip("\n"))
    return 0


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script for one shell.

    Args:
        shell: "bash", "zsh" or "fish".
        parser: The whole command line.
    """
    words = dict(_words(parser))
    if shell == "fish":
        return "".join(_fish(words))
    bash = _bash(words)
    return bash if shell == "bash" else f"autoload -U +X bashcompinit && bashcompinit\n{bash}"


def _words(parser: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Command, or command and verb -> the words that may follow it; "" for the first word."""
    found = [word for action in parser._actions for word in action.option_strings]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found += list(action.choices)
            for name, inner in action.choices.items():
                yield from _words(inner, f"{path} {name}".strip())
        elif action.choices is not None:
            found += map(str, action.choices)
    yield path, found


def _bash(words: Mapping[str, list[str]]) -> str:
    def lines(wanted: Mapping[str, list[str]]) -> str:
        return "\n".join(
            f"    {shlex.quote(path)}) words={shlex.quote(' '.join(found))} ;;"
            for path, found in wanted.items()
        )

    verbs = {path: found for path, found in words.items() if " " in path}
    commands = {path: found for path, found in words.items() if path and " " not in path}
    text = _BASH.replace("@CASES@", lines(verbs)).replace("@OUTER@", lines(commands))
    return text.replace("@COMMANDS@", " ".join(words[""]))


def _fish(words: Mapping[str, list[str]]) -> Iterator[str]:
    for path, found in words.items():
        *_, last = path.split() or [""]
        seen = f"__fish_seen_subcommand_from {last}" if last else "__fish_use_subcommand"
        for word in found:
            kind = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            kind = f"-s {word[1:]}" if word.startswith("-") and len(word) == 2 else kind
            yield f"complete -c palate -n '{seen}' {kind}\n"
