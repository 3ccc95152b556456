"""Whether a company to invite is one that is known here already: by its tax ID, its e-mail address, or its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from .row_checks import Problem, name_key, vat_key


@dataclass(frozen=True, slots=True)
class Contact:
    """A company of the address book. `email` is its own or one of its people's, normalised."""

    id: int
    name: str
    vat: str
    email: str
    company_id: int
    active: bool


@dataclass
class Known:
    """What is known here of the companies of one chunk.

    `members` has the state of each member that was invited by its contact's id, `member_emails` contact's id and name
    of the member that is written to at an address; `own_contacts` are the ids of the database's own companies,
    `own_emails` the addresses of its users and companies.
    """

    company_id: int
    contacts: tuple[Contact, ...] = ()
    members: Mapping[int, str] = field(default_factory=dict)
    member_emails: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    own_contacts: frozenset[int] = frozenset()
    own_emails: frozenset[str] = frozenset()
    refused_emails: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._by_id = {contact.id: contact for contact in self.contacts}
        self._by_vat = _index(self.contacts, lambda contact: vat_key(contact.vat))
        self._by_email = _index(self.contacts, lambda contact: contact.email)
        self._by_name = _index(self.contacts, lambda contact: name_key(contact.name))

    def match(self, *, name: str, vat: str, email: str) -> tuple[int, Problem | None]:
        """The contact that a company is, 0 where it is new, and why it can't be invited."""
        if email in self.own_emails:
            return 0, Problem("own_email", "email", email)
        if email in self.refused_emails:
            return 0, Problem("refused_email", "email", email)
        contact, problem = self._find(name, vat, email)
        return (contact.id, self.problem_of(contact.id, email)) if contact else (0, problem)

    def problem_of(self, contact_id: int, email: str) -> Problem | None:
        """Why a contact of the address book can't be invited."""
        contact = self._by_id[contact_id]
        if email in self.own_emails or contact.id in self.own_contacts:
            return Problem("own_company" if contact.id in self.own_contacts else "own_email", "name", contact.name)
        if email in self.refused_emails:
            return Problem("refused_email", "email", email)
        if contact.company_id not in (0, self.company_id):
            return Problem("other_company", "name", contact.name)
        if not contact.active:
            return Problem("archived", "name", contact.name)
        if state := self.members.get(contact.id):
            return Problem("member", "name", state)
        return self._email_taken(email, contact.id)

    def _email_taken(self, email: str, contact_id: int = 0) -> Problem | None:
        """Whether a member that is another company has the address."""
        member_id, member = self.member_emails.get(email, (0, ""))
        return Problem("member_email", "email", member) if member_id not in (0, contact_id) else None

    def _find(self, name: str, vat: str, email: str) -> tuple[Contact | None, Problem | None]:
        if vat and (same_vat := self._usable(self._by_vat.get(vat_key(vat), {}).values())):
            same_name = [contact for contact in same_vat if name_key(contact.name) == name_key(name)]
            if len(same_name) > 1:
                return None, Problem("ambiguous", "vat", vat)
            if not same_name:
                return None, Problem("other_name", "name", same_vat[0].name)
            return same_name[0], None
        if same_name := self._usable(self._by_name.get(name_key(name), {}).values()):
            if vat and all(contact.vat for contact in same_name):
                return None, Problem("other_vat", "vat", same_name[0].vat)
            open_ones = [contact for contact in same_name if not (vat and contact.vat)]
            if len(open_ones) > 1:
                return None, Problem("ambiguous", "name", name)
            return open_ones[0], None
        if taken := self._email_taken(email):
            return None, taken
        if same_email := self._usable(self._by_email.get(email, {}).values()):
            return None, Problem("other_email", "email", same_email[0].name)
        return None, None

    def _usable(self, contacts: Iterable[Contact]) -> list[Contact]:
        """The contacts that this company may use; only where there is none, those that say why not."""
        contacts = list(contacts)
        usable = [item for item in contacts if item.active and item.company_id in (0, self.company_id)]
        return usable or contacts


def _index(contacts: Iterable[Contact], key_of: Callable[[Contact], str]) -> dict[str, dict[int, Contact]]:
    index: dict[str, dict[int, Contact]] = {}
    for contact in contacts:
        if key := key_of(contact):
            index.setdefault(key, {})[contact.id] = contact
    return index
