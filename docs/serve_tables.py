"""The routes of the service, from the operations that make them."""

from __future__ import annotations

from palate.serve.http.app import OPERATIONS


def routes() -> str:
    """Method and path, the role of the key, what it does, and with what it may refuse."""
    rows = [
        f"| `{o.method} {o.path}` | {o.role or 'none'} | {o.summary} |"
        f" {', '.join(str(status) for status in o.statuses())} |"
        for o in OPERATIONS
    ]
    return "| route | key | what it does | statuses |\n|---|---|---|---|\n" + "\n".join(rows)
