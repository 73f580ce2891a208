"""What providers have in common that a teacher or fields of the items give their labels."""

from __future__ import annotations

from typing import Any, final

from palate.answering import HasTeacher, Learns, Notices
from palate.capabilities import MadeOf
from palate.encode.attributes.local.known import notices_of
from palate.stages import Provider
from palate.tables import Finding


class WithTeacher(HasTeacher, Learns, MadeOf, Notices):
    """Base of those whose settings have `teacher` and `sample`.

    Attributes:
        settings: Its settings.
    """

    settings: Any

    @final
    def teacher(self) -> tuple[Provider, int] | None:
        """The one that the settings name, and the size of the sample."""
        teacher = self.part("teacher")
        return None if teacher is None else (teacher, self.settings.sample)

    @final
    def notices(self) -> tuple[Finding, ...]:
        """What the teacher has to tell, and what it took."""
        return notices_of(self.part("teacher"))
