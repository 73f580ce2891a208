"""A service that people used for a while, and its folder at rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.serve.conftest import run_folder
from tests.serve.served.conftest import Keeping, keeping

from palate.seeding import generator

__all__ = ["keeping", "run_folder"]


def use(keeping: Keeping, users: int = 60, of_theme: bool = True) -> None:
    """Users of the run ask for a list, and take something of their theme, or of any."""
    rng, events = generator(5, "tests", "live"), list[dict[str, object]]()
    for number in range(users):
        user = f"u{number}"
        answer = keeping.client.post("/v1/recommendations", json={"user": user, "k": 10}).json()
        history = keeping.opened.engine.history(user).items.values
        left = np.setdiff1d(np.arange(number % 5, 75, 5) if of_theme else np.arange(75), history)
        for turn, row in enumerate(rng.permutation(left)[:3].tolist()):
            shown = [one for one in answer["items"] if one["item"] == f"i{row}"]
            event: dict[str, object] = {
                "user": user,
                "item": f"i{row}",
                "action": "view",
                "time": 10**8 + turn,
            }
            if shown:
                event |= {"request_id": answer["request_id"], "position": shown[0]["position"]}
            events.append(event)
    assert keeping.client.post("/v1/events", json=events).status_code == 200


@pytest.fixture
def used(keeping: Keeping) -> Path:
    """The folder of a service that 60 users used, as they did in the run."""
    use(keeping)
    keeping.close()
    return keeping.folder
