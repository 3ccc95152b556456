"""The consent artefact: what is signed is what is read, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from stories import BANK, GRANTED_AT, honest_sections, terms

from openscf.consent import CONSENT_TYP, ConsentTerms, read_consent, sign_consent
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.jws import EVENT_TYP, read_protected_header, sign_claims
from openscf.keys import KeySet, SigningKey
from openscf.package import ConsentSection

KEY = SigningKey.generate()
TERMS = terms(honest_sections())


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
def test_what_was_signed_is_read_back(alg: str) -> None:
    key = SigningKey.generate(alg)  # type: ignore[arg-type]
    artefact = sign_consent(TERMS, key=key)
    assert read_consent(artefact, keys=KeySet.of(key)) == TERMS
    assert read_protected_header(artefact) == {"alg": alg, "kid": key.kid, "typ": "openscf-consent+jwt"}


def test_the_terms_bear_the_names_of_the_document() -> None:
    assert list(ConsentTerms.model_fields) == [
        "iss", "iss_tax_id", "jti", "aud", "aud_name", "purpose", "sections", "counterparties", "history_months",
        "granted_by", "iat", "exp", "notice_sha256",
    ]  # fmt: skip


def test_another_key_or_a_changed_word_is_refused() -> None:
    artefact = sign_consent(TERMS, key=KEY)
    header, payload, signature = artefact.split(".")
    other = sign_consent(terms(honest_sections(), history_months=60), key=KEY).split(".")[1]
    for changed, keys in (
        (artefact, KeySet.of(SigningKey.generate())),
        (f"{header}.{other}.{signature}", KeySet.of(KEY)),
        (f"{header}..{signature}", KeySet.of(KEY)),
        (payload, KeySet.of(KEY)),
        ("", KeySet.of(KEY)),
    ):
        with pytest.raises(SignatureInvalid):
            read_consent(changed, keys=keys)


def test_another_kind_of_signed_message_is_no_consent() -> None:
    """Otherwise whoever gets the company to sign something could present it as its consent."""
    event = sign_claims(TERMS.model_dump(mode="json"), key=KEY, typ=EVENT_TYP)
    with pytest.raises(SignatureInvalid, match="typ"):
        read_consent(event, keys=KeySet.of(KEY))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("purpose", "marketing"),
        ("history_months", 61),
        ("history_months", "12"),
        ("counterparties", "all"),
        ("iat", "1795326949"),
        ("exp", True),
        ("jti", "consent-1"),
        ("notice_sha256", "ab"),
        ("sections", None),
        ("more", "x"),
    ],
)
def test_terms_of_another_form_are_refused_with_their_place(member: str, value: object) -> None:
    claims = {**TERMS.model_dump(mode="json"), member: value}
    with pytest.raises(SignatureInvalid, match=f"/{member}"):
        read_consent(sign_claims(claims, key=KEY, typ=CONSENT_TYP), keys=KeySet.of(KEY))


def test_a_consent_that_ends_before_it_begins_is_not_signed() -> None:
    with pytest.raises(InputInvalid, match="ends before"):
        sign_consent(terms(honest_sections(), iat=5, exp=5), key=KEY)


def test_the_section_of_a_package_says_the_same() -> None:
    members = TERMS.section_members("the artefact")
    section = ConsentSection.model_validate(
        {**members, "as_of": "2026-11-22T05:50:00Z", "source": "odoo/19.0", "assurance": "asserted"}
    )
    assert (section.recipient.issuer, section.granted_at, section.artefact) == (BANK, GRANTED_AT, "the artefact")
    assert section.sections == TERMS.sections


def test_times_are_in_utc() -> None:
    one = terms(honest_sections(), iat=0, exp=86_400)
    assert one.granted_at == dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
    assert one.expires_at == dt.datetime(1970, 1, 2, tzinfo=dt.timezone.utc)
