"""The routes of the service, from the operations that make them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from palate.assistant.tools import Tools
from palate.client import Client
from palate.client import routes as client_routes
from palate.client.wanted import Route
from palate.serve.http import llms
from palate.serve.http.app import OPERATIONS


def routes() -> str:
    """Method and path, the role of the key, what it does, and with what it may refuse."""
    rows = [
        f"| `{o.method} {o.path}` | {o.role or 'none'} | {o.summary} |"
        f" {', '.join(str(status) for status in o.statuses())} |"
        for o in OPERATIONS
    ]
    return "| route | key | what it does | statuses |\n|---|---|---|---|\n" + "\n".join(rows)


def methods() -> str:
    """Methods of the client with their arguments, and the route of each."""
    rows = []
    for constant, route in vars(client_routes).items():
        if isinstance(route, Route):
            name = constant.lower()
            arguments = list(inspect.signature(getattr(Client, name)).parameters.values())[1:]
            given = ", ".join(
                argument.name if argument.default is argument.empty else f"{argument.name}="
                for argument in arguments
            )
            reply = "" if route.reply is None else f"`{route.reply.__name__}`"
            rows.append(f"| `{name}({given})` | {reply} | `{route.method} {route.path}` |")
    return "| method | result | route |\n|---|---|---|\n" + "\n".join(rows)


def tools() -> str:
    """Tools of assistants, with their arguments and the first sentence of what they do."""
    every = Tools()
    rows = [_tool(tool, "") for tool in every.reading()]
    rows.append(_tool(every.record_event, "`--write`"))
    return "| tool | what it does | with |\n|---|---|---|\n" + "\n".join(rows)


def _tool(tool: Callable[..., Awaitable[Any]], only: str) -> str:
    name = tool.__name__  # type: ignore[attr-defined]
    arguments = ", ".join(inspect.signature(tool).parameters)
    text = " ".join((inspect.getdoc(tool) or "").split())
    return f"| `{name}({arguments})` | {text} | {only} |"


def curls() -> str:
    """A command for each route."""
    lines = [f"# {o.method} {o.path}\n{llms.curl(o)}" for o in OPERATIONS]
    return "```bash\n" + "\n".join(lines) + "\n```"


def llms_page(docs: Path) -> str:
    """What the service says at /llms.txt, and every page of the documentation with its headings."""
    lines = []
    for page in sorted(docs.glob("*.md")):
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        title, *headings = re.findall(r"^##? (.+)$", text, re.MULTILINE)
        inside = f": {'; '.join(headings)}" if headings else ""
        lines.append(f"- [{title}]({page.name}){inside}")
    return llms.text(OPERATIONS) + "\n## Documentation\n\n" + "\n".join(lines) + "\n"
