"""Reading what an officer wrote into a form: one sentence for each field that cannot stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from openscf.errors import OpenSCFError
from openscf.money import to_decimal

from ..kit.problems import ProblemError


class FormRefused(Exception):
    """The form goes back to the officer, with what was written and a sentence per field."""

    def __init__(self, form: FilledForm) -> None:
        super().__init__("; ".join(form.errors.values()))
        self.form = form


class FilledForm:
    """A form of a page with more than one: `name` tells it from the others, `fields` are as they were written."""

    def __init__(self, name: str, **fields: str) -> None:
        self.name = name
        self.fields = {field: value.strip() for field, value in fields.items()}
        self.errors: dict[str, str] = {}

    def amount(self, field: str) -> Decimal:
        """One decimal number; 0 and an error where it is none."""
        try:
            return to_decimal(self.fields[field])
        except OpenSCFError:
            self.errors[field] = "Write a number such as 1234.50."
            return Decimal(0)

    def day(self, field: str) -> date:
        """One date; the first of all and an error where it is none."""
        try:
            return date.fromisoformat(self.fields[field])
        except ValueError:
            self.errors[field] = "Write a date such as 2026-11-22."
            return date.min

    def words(self, field: str) -> str:
        """A sentence, which may not be left out."""
        if not self.fields[field]:
            self.errors[field] = "Write a sentence that the applicant understands."
        return self.fields[field]

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Send the form back where a field could not be read, or where what is done with it names a place that is one
        of its fields.
        """
        if self.errors:
            raise FormRefused(self)
        try:
            yield
        except ProblemError as problem:
            self.errors = {pointer[1:]: sentence for pointer, sentence in problem.errors if pointer[1:] in self.fields}
            if not self.errors:
                raise
            raise FormRefused(self) from problem


NO_FORM = FilledForm("")
