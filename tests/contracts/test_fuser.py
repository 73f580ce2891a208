"""Every registered fuser keeps the contract."""

import pytest

from palate import registry
from palate.fuse.learning import Objective
from palate.gradient.loop import Schedule
from palate.stages import Fuser
from palate.testing.fuser import FuserContract

QUICK = Objective(pairs=300, schedule=Schedule(epochs=2, batch=100, rate=0.05))


@pytest.mark.parametrize("name", registry.names("fuser"))
class TestEveryFuser(FuserContract):
    @pytest.fixture
    def part(self, name: str) -> Fuser:
        kind = registry.part_class(name)
        learns = "objective" in kind.Settings.__dataclass_fields__
        built: Fuser = kind(kind.Settings(objective=QUICK) if learns else kind.Settings())
        return built
