"""Chapters one and two: the banks are connected, the company says where financing is booked and paid to."""

from __future__ import annotations

from demo.stage import BankOnStage, Stage, StoryFailed

ACCOUNTS = {
    "scf_loan_account_id": "loans",
    "scf_clearing_account_id": "clearing",
    "scf_interest_account_id": "interest",
    "scf_fee_account_id": "fees",
}


def connect_banks(stage: Stage) -> None:
    """Each bank by its address alone: discovery, registration, the officer's approval."""
    stage.tell.chapter("The banks are connected by their addresses")
    for bank in stage.banks:
        _register(stage, bank)
    for bank in stage.banks:
        _have_approved(stage, bank)
        _print_profile(stage, bank)


def _register(stage: Stage, bank: BankOnStage) -> None:
    record = stage.bank_record(bank, "state")
    if record is None:
        stage.admin.create("scf.bank", {"base_url": bank.url})
        record = stage.bank_record(bank, "state")
    if record is None:
        raise StoryFailed(f"Odoo did not keep the address {bank.url} of a bank.")
    if record["state"] == "draft":
        stage.admin.call("scf.bank", "action_discover", [record["id"]])
        record = stage.bank_record(bank, "state") or record
    if record["state"] == "discovered":
        stage.admin.call("scf.bank", "action_register", [record["id"]])


def _have_approved(stage: Stage, bank: BankOnStage) -> None:
    """The officer compares the key and approves, where that is not done yet."""
    record = stage.until(
        f"the registration at {bank.url}",
        lambda: (found := stage.bank_record(bank, "state", "client_id")) and found["client_id"] and found,
    )
    if record["state"] == "pending":
        bank.officer.approve_client(record["client_id"])
    stage.until(
        f"{record['name']} to let the company in",
        lambda: (found := stage.bank_record(bank, "state")) and found["state"] == "connected",
    )


def _print_profile(stage: Stage, bank: BankOnStage) -> None:
    record = stage.bank_record(bank, "profile", "client_id") or {}
    stage.tell.good(f"{record['name']} at {bank.url} knows the company as {record['client_id']}")
    for technique in record["profile"]["techniques"]:
        stage.tell.line(
            f"    {technique['code']}: up to {technique['max_advance_rate']} % for {technique['max_tenor_days']} days, "
            f"indicatively {technique['indicative_rate_pa']} % a year and a fee of "
            f"{technique['indicative_fee_percent']} %"
        )


def configure_company(stage: Stage) -> None:
    """One click makes accounts and journal; the account that customers pay to is assigned to the banks."""
    stage.tell.chapter("The company says where financing is booked")
    settings = stage.admin.create("res.config.settings", {})
    stage.admin.call("res.config.settings", "action_scf_create_accounts", [settings])
    company = stage.company("scf_collection_bank_account_id", *ACCOUNTS)
    if not company["scf_collection_bank_account_id"]:
        [journal] = stage.admin.search("account.journal", [("code", "=", "BNK1")], "bank_account_id", limit=1)
        stage.admin.write(
            "res.company", company["id"], {"scf_collection_bank_account_id": journal["bank_account_id"][0]}
        )
        company = stage.company("scf_collection_bank_account_id", *ACCOUNTS)
    for field, purpose in ACCOUNTS.items():
        stage.tell.line(f"{purpose:9} {company[field][1]}")
    stage.expect(
        bool(company["scf_collection_bank_account_id"]),
        f"customers pay to {(company['scf_collection_bank_account_id'] or [0, ''])[1]}, assigned to the banks",
    )
