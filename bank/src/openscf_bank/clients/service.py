"""Registration of an ERP, and an officer's word on it."""

from __future__ import annotations

from openscf import wire
from openscf.errors import OpenSCFError
from openscf.keys import KeySet, VerifyingKey
from openscf.wire import ClientStatus, EventType
from sqlalchemy.exc import IntegrityError

from ..events.service import emit
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError
from . import repository
from .models import Client, ClientKey

# What an officer may do with a client, by its status.
NEXT_STATUSES = {
    ClientStatus.PENDING: (ClientStatus.APPROVED, ClientStatus.DECLINED),
    ClientStatus.APPROVED: (ClientStatus.SUSPENDED,),
    ClientStatus.SUSPENDED: (ClientStatus.APPROVED,),
    ClientStatus.DECLINED: (),
}

_EVENT_OF_STATUS = {
    ClientStatus.APPROVED: EventType.CLIENT_APPROVED,
    ClientStatus.DECLINED: EventType.CLIENT_DECLINED,
    ClientStatus.SUSPENDED: EventType.CLIENT_SUSPENDED,
}


def read_key(registration: wire.ClientRegistration) -> VerifyingKey:
    """The one key that a registration brings, which has to sign it; a ProblemError for none, more, or a private one.

    A second key would be stored without proof that the client has it, and could be another ERP's.
    """
    try:
        keys = list(KeySet.from_jwks(registration.jwks))
    except OpenSCFError as error:
        raise ProblemError("validation-failed", str(error), errors=[("/jwks", str(error))]) from error
    if len(keys) != 1 or len(registration.jwks["keys"]) != 1:
        sentence = "Send exactly one key, the public Ed25519 or P-256 key that signs this registration, and no other."
        raise ProblemError("validation-failed", sentence, errors=[("/jwks/keys", sentence)])
    return keys[0]


def register(uow: UnitOfWork, registration: wire.ClientRegistration, key: VerifyingKey) -> wire.Client:
    """A new client in PENDING, or the one that `key`, which signed the registration, belongs to already."""
    known = repository.of_key(uow.session, key.kid)
    if known is not None:
        return as_wire(known)
    client = Client(
        id=new_id("cli"),
        name=registration.client_name,
        software=registration.software[:255],
        party_name=registration.party.name,
        party_tax_id=registration.party.tax_id,
        party_country=registration.party.country,
        party_reference=registration.party.reference,
        contact_email=registration.contact_email,
        webhook_url=registration.webhook_url,
        status=ClientStatus.PENDING.value,
        registered_at=uow.now,
        last_cursor=0,
        keys=[ClientKey(kid=key.kid, jwk=key.jwk(), registered_at=uow.now)],
    )
    try:
        with uow.session.begin_nested():
            uow.session.add(client)
    except IntegrityError:
        registered_meanwhile = repository.of_key(uow.session, key.kid)
        if registered_meanwhile is None:
            raise
        return as_wire(registered_meanwhile)
    return as_wire(client)


def set_status(uow: UnitOfWork, client_id: str, status: ClientStatus, reason: str | None) -> Client:
    """Approve, decline, suspend or reinstate; a ProblemError `wrong-state` where that is not the next step."""
    client = repository.lock(uow.session, client_id)
    if ClientStatus(client.status) == status:
        return client
    if status not in NEXT_STATUSES[ClientStatus(client.status)]:
        raise ProblemError(
            "wrong-state", f"A client that is {client.status.lower()} cannot become {status.value.lower()}."
        )
    client.status = status.value
    client.status_reason = reason
    client.decided_at = uow.now
    emit(uow, client, _EVENT_OF_STATUS[status], {"reason": reason} if reason else {})
    return client


def key_set(client: Client) -> KeySet:
    """The keys that a client registered."""
    return KeySet.of(*(key.jwk for key in client.keys))


def as_wire(client: Client) -> wire.Client:
    """The client as the protocol shows it."""
    return wire.Client(
        client_id=client.id,
        status=ClientStatus(client.status),
        registered_at=client.registered_at,
        status_reason=client.status_reason,
    )
