"""What each bank may read: Mia says it before the banks are asked, and takes one consent back at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from demo.desk import closing_sentence
from demo.erp import Row
from demo.stage import BankOnStage, Document, Stage, StoryFailed

FULL_STORY = {"counterparties": "named", "history_months": 24}
NAMELESS_YEAR = {"counterparties": "pseudonymous", "history_months": 12}
"""What the first bank may read, and what the others may; a fact that both get is one leaf, what differs are two."""
SHORT_TERM_DAYS = 30
COUNTERPARTIES = {"named": "by name", "pseudonymous": "under codes of this bank"}


def choose(stage: Stage, application_id: int, *, anew: bool = False) -> None:
    """Says what each bank may read, where no consent is in force that says it already.

    :param anew: give consents of their own, for a short time, although others are in force.
    """
    for proposal in stage.mia.search(
        "scf.consent.proposal", [("application_id", "=", application_id)], "bank_id", "use_standing"
    ):
        if anew:
            until = datetime.now(UTC).date() + timedelta(days=SHORT_TERM_DAYS)
            choice = {"use_standing": False, **NAMELESS_YEAR, "expires_on": until.isoformat()}
        elif proposal["use_standing"]:
            continue
        else:
            is_first = stage.bank_of(proposal["bank_id"][0]) is stage.banks[0]
            choice = FULL_STORY if is_first else NAMELESS_YEAR
        stage.mia.write("scf.consent.proposal", proposal["id"], choice)


def disclosures(stage: Stage, application: Row) -> list[Row]:
    """What was sent to each bank with the application's present package, and under which consent."""
    return stage.mia.search(
        "scf.disclosure",
        [("package_id", "=", application["package_id"][0])],
        "bank_id", "sha256", "attachment_id", "consent_id",
    )  # fmt: skip


def show_consents(stage: Stage, application: Row) -> None:
    """What each bank may read, until when, and who said so; one line where the consents were in force already."""
    sent = disclosures(stage, application)
    if all(_was_in_force(stage, disclosure) for disclosure in sent):
        stage.tell.line("under the consents that are in force; nobody is asked again")
        return
    rows, covered = [], {}
    for disclosure in sent:
        consent = stage.mia.read(
            "scf.consent", disclosure["consent_id"][0],
            "bank_id", "sections", "counterparties", "history_months", "expires_at", "granted_by_id", "granted_at",
            "state",
        )  # fmt: skip
        covered[consent["bank_id"][1]] = set(consent["sections"])
        rows.append(
            (
                consent["bank_id"][1], f"{len(consent['sections'])} sections",
                COUNTERPARTIES[consent["counterparties"]], f"{consent['history_months']} months",
                consent["expires_at"][:10], f"{consent['granted_by_id'][1]}, {consent['granted_at'][:10]}",
                consent["state"],
            )
        )  # fmt: skip
    heads = ("may read", "what", "other customers", "history", "until", "given by", "state")
    stage.tell.table(heads, rows)
    for bank, sections in covered.items():
        if kept_back := sorted(set().union(*covered.values()) - sections):
            stage.tell.line(f"{bank} does not ask for, and does not get: {', '.join(kept_back)}")


def _was_in_force(stage: Stage, disclosure: Row) -> bool:
    """Whether something was sent under the consent before."""
    earlier = [("consent_id", "=", disclosure["consent_id"][0]), ("id", "<", disclosure["id"])]
    return bool(stage.mia.search("scf.disclosure", earlier, limit=1))


def take_back(stage: Stage, application: Row, document: Document) -> None:
    """Mia revokes the consents of an application that no bank has decided; the banks close what they received."""
    for disclosure in disclosures(stage, application):
        [consent_id, words] = disclosure["consent_id"]
        if stage.mia.read("scf.consent", consent_id, "state")["state"] == "active":
            stage.mia.call("scf.consent", "action_revoke", [consent_id])
            stage.tell.line(f"{stage.mia.name} takes back the consent {words}")
        told = stage.until(
            f"{disclosure['bank_id'][1]} to confirm that the consent is taken back",
            lambda consent_id=consent_id: stage.mia.read("scf.consent", consent_id, "bank_told_at")["bank_told_at"],
        )
        stage.tell.good(f"{disclosure['bank_id'][1]} confirms it at {told} UTC")
        _expect_closed(stage, stage.bank_of(disclosure["bank_id"][0]), application, document)


def _expect_closed(stage: Stage, bank: BankOnStage, application: Row, document: Document) -> None:
    [submission] = stage.mia.search(
        "scf.submission",
        [("application_id", "=", application["id"]), ("bank_id.base_url", "=", bank.url)],
        "bank_application_ref",
        limit=1,
    )
    page = bank.officer.page(f"applications/{submission['bank_application_ref']}")
    sentence = closing_sentence(page)
    if sentence is None:
        raise StoryFailed(f"The desk at {bank.url} still shows the evidence on {document.name}.")
    stage.expect(document.name not in page, f"its desk shows: “{sentence}”")
    state = stage.mia.read("scf.application", application["id"], "state")["state"]
    stage.expect(state in ("cancelled", "declined"), f"{application['name']} is {state} and {document.name} is free")
