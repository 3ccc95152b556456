"""The officer's desk over HTTP, as a browser sends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import pytest
import requests
import sqlalchemy as sa
from erp import Erp, new_key, new_pledge, new_purchase, new_sale
from openscf import wire
from openscf.package import Contradiction, read_package
from openscf_bank.desk import flow, service
from openscf_bank.desk.models import AuditEntry, LoginFailure
from openscf_bank.testing import OFFICER_PASSWORD, OFFICER_USERNAME, BankProcessError, OfficerAtDesk
from purchases_and_pledges import Lot
from server import Bank


class Browser:
    """A browser without a script: keeps cookies, finds the fields of forms, follows nothing."""

    def __init__(self, bank: Bank, username: str = OFFICER_USERNAME) -> None:
        self.url = bank.url
        self.username = username
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=30, allow_redirects=False)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> requests.Response:
        return self.session.post(self.url + path, fields, timeout=30, allow_redirects=False, headers=headers)

    def field(self, path: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.get(path).text)
        assert found is not None, f"{path} has no {name}"
        return found.group(1)

    def log_in(self, password: str = OFFICER_PASSWORD, username: str | None = None) -> requests.Response:
        token = self.field("/desk/login", "login_token")
        fields = {"username": username or self.username, "password": password, "login_token": token}
        return self.post("/desk/login", fields)

    def change_password(self, present: str, new: str, again: str | None = None) -> requests.Response:
        fields = {"present": present, "new": new, "again": new if again is None else again, "csrf_token": self.csrf}
        return self.post("/desk/password", fields)

    @property
    def logged_in(self) -> bool:
        return self.get("/desk/").status_code == 200

    @property
    def csrf(self) -> str:
        return self.field("/desk/audit", "csrf_token")


@pytest.fixture
def browser(bank: Bank) -> Iterator[Browser]:
    """An officer who is logged in."""
    browser = Browser(bank)
    assert browser.log_in().status_code == 303
    yield browser
    with bank.gateway.db.write() as session:
        session.execute(sa.delete(LoginFailure))


PASSWORD = "a long enough word"
NEW_PASSWORD = "another long enough word"


@pytest.fixture
def at_two_desks(bank: Bank) -> Iterator[tuple[Browser, Browser]]:
    """One officer, logged in from two browsers."""
    username = f"officer-{new_key()}"
    service.create_officer(bank.gateway.db, username, "Two Desks", PASSWORD)
    here, there = Browser(bank, username), Browser(bank, username)
    assert [here.log_in(PASSWORD).status_code, there.log_in(PASSWORD).status_code] == [303, 303]
    yield here, there
    with bank.gateway.db.write() as session:
        session.execute(sa.delete(LoginFailure))


def waiting(erp: Erp, **changes: object) -> wire.LoanApplication:
    """An application that the rules refer to an officer."""
    application = erp.apply(new_sale(invoices=2, **changes))
    assert application.status == "PROCESSING"
    return application


class TestLogin:
    @pytest.mark.parametrize("page", ["/desk/", "/desk/clients", "/desk/loans", "/desk/audit", "/desk/applications/x"])
    def test_every_page_asks_for_a_login_first(self, bank: Bank, page: str) -> None:
        answer = Browser(bank).get(page)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/desk/login?next=")

    def test_a_wrong_password_is_not_told_from_a_wrong_name(self, bank: Bank, browser: Browser) -> None:
        stranger = Browser(bank)
        answers = [stranger.log_in("wrong"), stranger.log_in("wrong", "nobody")]
        assert {answer.status_code for answer in answers} == {401}
        assert all("user name or the password is wrong" in answer.text for answer in answers)

    def test_too_many_failures_have_to_wait_even_with_the_right_password(self, bank: Bank, browser: Browser) -> None:
        service.create_officer(bank.gateway.db, "slow", "Slow Officer", PASSWORD)
        stranger = Browser(bank)
        for _ in range(service.FAILURES_PER_USERNAME):
            assert stranger.log_in("wrong", "slow").status_code == 401
        answer = stranger.log_in(PASSWORD, "Slow")
        assert answer.status_code == 429
        assert "Wait 15 minutes" in answer.text

    def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(self, bank: Bank) -> None:
        cookie = Browser(bank).log_in().headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "path=/desk" in cookie

    def test_logging_out_ends_the_session_on_the_server(self, bank: Bank, browser: Browser) -> None:
        secret = browser.session.cookies["openscf_desk"]
        assert browser.post("/desk/logout", {"csrf_token": browser.csrf}).status_code == 303
        thief = Browser(bank)
        thief.session.cookies.set("openscf_desk", secret, path="/desk")
        assert thief.get("/desk/").status_code == 303

    def test_a_login_leads_to_a_page_of_the_desk_only(self, bank: Bank) -> None:
        browser = Browser(bank)
        token = browser.field("/desk/login?next=https://evil.example/", "login_token")
        fields = {"username": OFFICER_USERNAME, "password": OFFICER_PASSWORD, "login_token": token}
        for target in ("https://evil.example/", "//evil.example", "/desk/..//evil.example", "/\\evil.example"):
            assert browser.post("/desk/login", fields | {"next": target}).headers["location"] == "/desk/"
            token = browser.field("/desk/login", "login_token")
            fields["login_token"] = token

    def test_passwords_are_kept_as_argon2id_and_must_be_long(self, bank: Bank) -> None:
        with bank.gateway.db.read() as session:
            kept = session.scalars(sa.select(service.Officer.password_hash)).all()
        assert all(password_hash.startswith("$argon2id$") for password_hash in kept)
        with pytest.raises(service.OfficerError, match="12 characters"):
            service.create_officer(bank.gateway.db, "x", "X", "short")


class TestPasswords:
    def test_a_change_of_password_ends_the_officers_other_sessions_at_once(
        self, at_two_desks: tuple[Browser, Browser], browser: Browser, bank: Bank
    ) -> None:
        here, there = at_two_desks
        changed = here.change_password(PASSWORD, NEW_PASSWORD)
        assert (changed.status_code, changed.headers["location"]) == (303, "/desk/password?changed=true")
        assert "The password is changed" in here.get("/desk/password?changed=true").text
        assert (here.logged_in, there.logged_in) == (True, False)
        assert browser.logged_in  # a colleague's session goes on
        assert there.log_in(PASSWORD).status_code == 401
        assert there.log_in(NEW_PASSWORD).status_code == 303
        with bank.gateway.db.read() as session:
            query = sa.select(AuditEntry.action).where(AuditEntry.officer == here.username).order_by(AuditEntry.id)
            assert session.scalars(query).all() == ["login", "login", "password.changed", "login.failed", "login"]

    @pytest.mark.parametrize(
        ("present", "new", "again", "sentence"),
        [
            ("a wrong password", NEW_PASSWORD, NEW_PASSWORD, "The present password is wrong."),
            (PASSWORD, "short", "short", "at least 12 characters"),
            (PASSWORD, NEW_PASSWORD, "mistyped another", "The two new passwords differ."),
        ],
    )
    def test_a_change_that_is_refused_leaves_password_and_sessions(
        self, at_two_desks: tuple[Browser, Browser], present: str, new: str, again: str, sentence: str
    ) -> None:
        here, there = at_two_desks
        answer = here.change_password(present, new, again)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert (here.logged_in, there.logged_in) == (True, True)
        assert there.log_in(PASSWORD).status_code == 303

    def test_the_present_password_cannot_be_guessed_in_a_session_left_open(
        self, at_two_desks: tuple[Browser, Browser]
    ) -> None:
        here, _there = at_two_desks
        for _ in range(service.FAILURES_PER_USERNAME):
            assert here.change_password("a guess", NEW_PASSWORD).status_code == 422
        answer = here.change_password(PASSWORD, NEW_PASSWORD)
        assert answer.status_code == 429
        assert "Wait 15 minutes" in answer.text

    def test_a_form_without_the_sessions_token_changes_nothing(self, at_two_desks: tuple[Browser, Browser]) -> None:
        here, there = at_two_desks
        fields = {"present": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD, "csrf_token": there.csrf}
        assert here.post("/desk/password", fields).status_code == 403
        assert there.log_in(PASSWORD).status_code == 303

    def test_a_password_that_the_operator_replaces_ends_every_session(
        self, bank: Bank, at_two_desks: tuple[Browser, Browser]
    ) -> None:
        here, there = at_two_desks
        service.create_officer(bank.gateway.db, here.username, "Two Desks", NEW_PASSWORD)
        assert (here.logged_in, there.logged_in) == (False, False)

    def test_a_disabled_officer_is_out_at_once_until_let_in_again(
        self, bank: Bank, at_two_desks: tuple[Browser, Browser]
    ) -> None:
        here, there = at_two_desks
        service.disable_officer(bank.gateway.db, here.username)
        assert (here.logged_in, there.logged_in) == (False, False)
        assert here.log_in(PASSWORD).status_code == 401
        service.create_officer(bank.gateway.db, here.username, "Two Desks", NEW_PASSWORD)
        assert (here.logged_in, there.logged_in) == (False, False)
        assert here.log_in(NEW_PASSWORD).status_code == 303

    def test_what_the_operator_does_to_officers_is_in_the_audit_log(
        self, bank: Bank, at_two_desks: tuple[Browser, Browser]
    ) -> None:
        here, _ = at_two_desks
        service.disable_officer(bank.gateway.db, here.username)
        service.create_officer(bank.gateway.db, here.username, "Two Desks", NEW_PASSWORD)
        service.create_officer(bank.gateway.db, here.username, "Two Desks", PASSWORD)
        with pytest.raises(service.OfficerError):
            service.disable_officer(bank.gateway.db, "nobody-of-that-name")
        with bank.gateway.db.read() as session:
            kept = sa.select(AuditEntry).where(AuditEntry.officer == service.OPERATOR).order_by(AuditEntry.id)
            entries = session.scalars(kept).all()
        assert [entry.action for entry in entries if entry.subject == here.username] == [
            "officer.created", "officer.disabled", "officer.readmitted", "officer.replaced",
        ]  # fmt: skip
        assert not [entry for entry in entries if entry.subject == "nobody-of-that-name"]
        assert "command line" in bank.officer.page("audit")

    def test_a_login_that_was_checked_before_the_change_begins_no_session_after_it(
        self, bank: Bank, at_two_desks: tuple[Browser, Browser], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, there = at_two_desks
        checked = service._authenticated

        def overtaken(*args: Any, **kwargs: Any) -> service.Officer:
            officer = checked(*args, **kwargs)
            monkeypatch.setattr(service, "_authenticated", checked)
            service.create_officer(bank.gateway.db, here.username, "Two Desks", NEW_PASSWORD)
            return officer

        monkeypatch.setattr(service, "_authenticated", overtaken)
        assert there.log_in(PASSWORD).status_code == 401
        assert not there.logged_in


class TestForms:
    @pytest.mark.parametrize("token", ["", "wrong"])
    def test_a_form_without_the_sessions_token_does_nothing(self, erp: Erp, browser: Browser, token: str) -> None:
        application = waiting(erp)
        path = f"/desk/applications/{application.id}/decline"
        answer = browser.post(path, {"reason": "OTHERS", "message": "no", "csrf_token": token})
        assert answer.status_code == 403
        assert erp.http.application(application.id).status == "PROCESSING"

    def test_a_form_from_another_site_does_nothing(self, erp: Erp, browser: Browser) -> None:
        application = waiting(erp)
        path = f"/desk/applications/{application.id}/decline"
        fields = {"reason": "OTHERS", "message": "no", "csrf_token": browser.csrf}
        assert browser.post(path, fields, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403

    def test_a_login_form_that_is_not_this_browsers_is_refused(self, bank: Bank) -> None:
        fields = {"username": OFFICER_USERNAME, "password": OFFICER_PASSWORD, "login_token": "x"}
        assert Browser(bank).post("/desk/login", fields).status_code == 403

    def test_the_pages_carry_no_script_and_forbid_it(self, erp: Erp, browser: Browser) -> None:
        application = waiting(erp)
        for path in ("/desk/", f"/desk/applications/{application.id}", "/desk/loans", "/desk/clients", "/desk/audit"):
            page = browser.get(path)
            assert page.status_code == 200
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
            assert "script-src" not in policy and "unsafe-inline" not in policy
            assert page.headers["x-content-type-options"] == "nosniff"
            assert page.headers["cache-control"] == "no-store"
            assert "<script" not in page.text and " style=" not in page.text
            assert not re.search(r'(src|href)="(https?:)?//', page.text)


class TestClients:
    def test_an_officer_approves_a_client(self, bank: Bank) -> None:
        erp = Erp(bank)
        bank.officer.approve_client(erp.client_id)
        assert erp.http.client().status == "APPROVED"
        assert erp.event_types() == ["client.approved"]

    def test_a_declined_client_learns_the_reason_and_stays_declined(self, bank: Bank) -> None:
        erp = Erp(bank)
        bank.officer.decline_client(erp.client_id, "We do not know you.")
        client = erp.http.client()
        assert (client.status, client.status_reason) == ("DECLINED", "We do not know you.")
        with pytest.raises(BankProcessError, match="409"):
            bank.officer.approve_client(erp.client_id)

    def test_markup_in_a_clients_name_is_shown_as_text(self, bank: Bank, browser: Browser) -> None:
        name = "<img src=x onerror=alert(1)> '; DROP TABLE clients; --"
        erp = Erp.approved(bank, name=name)
        waiting(erp, buyer="<script>alert(1)</script>")
        for path in ("/desk/clients", f"/desk/clients/{erp.client_id}", "/desk/"):
            page = browser.get(path).text
            assert "<img" not in page and "<script" not in page
            assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "Nothing" not in browser.get("/desk/?q=%27%3B+DROP+TABLE").text


class TestDecisions:
    def test_an_officer_approves_with_the_prefilled_terms(self, bank: Bank, erp: Erp) -> None:
        application = waiting(erp)
        bank.officer.approve(application.id)
        offered = erp.http.application(application.id)
        assert offered.status == "OFFERED"
        assert offered.offers[0].terms.principal.amount == Decimal("8000.00")
        assert erp.event_types()[-1] == "offer.created"

    def test_an_officer_approves_with_other_terms(self, bank: Bank, erp: Erp) -> None:
        application = waiting(erp)
        bank.officer.approve(
            application.id, principal="5000.00", rate_pa="6.50", fee="12.00", tenor_days=30, conditions="One\n\nTwo"
        )
        terms = erp.http.application(application.id).offers[0].terms
        assert (terms.principal.amount, terms.rate_pa, terms.fee.amount) == (5000, Decimal("6.50"), 12)
        assert (terms.tenor_days, terms.conditions) == (30, ("One", "Two"))

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("principal", "8000.01", "at most what was requested"),
            ("principal", "100.00", "Between 500.00 and"),
            ("principal", "much", "write a number"),
            ("principal", "5000.001", "decimals"),
            ("advance_rate", "90", "at most 85.00 %"),
            ("rate_pa", "-1", "Between 0 and 50"),
            ("rate_pa", "NaN", "write a number"),
            ("fee", "8000.00", "Between 0 and the principal"),
            ("tenor_days", "1000", "Between 5 and 180 days"),
            ("tenor_days", "4.5", "Between 5 and 180 days"),
        ],
    )
    def test_terms_outside_the_profile_come_back_with_a_sentence(
        self, erp: Erp, browser: Browser, field: str, value: str, sentence: str
    ) -> None:
        application = waiting(erp)
        fields = {
            "principal": "8000.00", "rate_pa": "7.90", "fee": "40.00", "advance_rate": "85.00",
            "penalty_rate_pa": "5.00", "tenor_days": "45", "conditions": "", "csrf_token": browser.csrf,
        }  # fmt: skip
        answer = browser.post(f"/desk/applications/{application.id}/approve", fields | {field: value})
        assert answer.status_code == 422
        assert sentence in answer.text
        assert f'value="{value}"' in answer.text
        assert erp.http.application(application.id).status == "PROCESSING"

    def test_an_officer_asks_the_applicant_replies_and_the_officer_goes_on(self, bank: Bank, erp: Erp) -> None:
        application = waiting(erp)
        bank.officer.ask(application.id, "Please explain the return of May.")
        asked = erp.http.application(application.id)
        assert asked.status == "ACTION_REQUIRED"
        assert asked.action_required is not None
        assert asked.action_required.message == "Please explain the return of May."
        reply = wire.Reply(message="It was damaged in transport.")
        assert erp.http.reply(application.id, reply, idempotency_key=new_key()).status == "PROCESSING"
        assert erp.event_types()[-2:] == ["loan_application.action_required", "loan_application.processing"]
        bank.officer.approve(application.id)
        assert erp.http.application(application.id).status == "OFFERED"

    def test_a_reply_may_bring_a_corrected_package(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale(invoices=2)
        application = erp.apply(sale)
        bank.officer.ask(application.id, "Please show more history.")
        sale.invoices = 20
        package = erp.package(sale)
        reply = wire.Reply(
            message="Here.",
            package_sha256=erp.http.put_document(package, "application/json"),
            package_id=read_package(package).header.package_id,
        )
        erp.http.reply(application.id, reply, idempotency_key=new_key())
        bank.officer.approve(application.id)
        assert erp.http.application(application.id).status == "OFFERED"

    def test_a_reply_with_a_package_that_fails_is_rejected(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale(invoices=2)
        application = erp.apply(sale)
        bank.officer.ask(application.id, "Please show more history.")
        package = erp.package(sale).replace(b"Larch", b"Birch")
        reply = wire.Reply(
            message="Here.",
            package_sha256=erp.http.put_document(package, "application/json"),
            package_id=read_package(package).header.package_id,
        )
        assert erp.http.reply(application.id, reply, idempotency_key=new_key()).status == "REJECTED"
        assert erp.apply(sale).status == "PROCESSING"  # the document is free again

    def test_an_officer_declines_with_a_reason(self, bank: Bank, erp: Erp) -> None:
        application = waiting(erp)
        bank.officer.decline(application.id, "The buyer is unknown to us.", reason="LOW_CREDIT_SCORE")
        rejected = erp.http.application(application.id)
        assert rejected.rejection == wire.Rejection(
            reason=wire.RejectionReason.LOW_CREDIT_SCORE, message="The buyer is unknown to us."
        )

    def test_a_decision_without_words_is_sent_back(self, erp: Erp, browser: Browser) -> None:
        application = waiting(erp)
        for action, fields in (("ask", {}), ("decline", {"reason": "OTHERS"})):
            answer = browser.post(
                f"/desk/applications/{application.id}/{action}", fields | {"message": " ", "csrf_token": browser.csrf}
            )
            assert answer.status_code == 422

    def test_a_withdrawn_offer_cannot_be_accepted_and_the_officer_decides_again(self, bank: Bank, erp: Erp) -> None:
        offer = erp.offered()
        bank.officer.withdraw(offer.loan_application_id, offer.id, "Wrong rate.")
        assert erp.http.offer(offer.id).status == "WITHDRAWN"
        assert erp.event_types()[-1] == "offer.withdrawn"
        bank.officer.approve(offer.loan_application_id, rate_pa="8.10")
        statuses = {one.id: one.status for one in erp.http.application(offer.loan_application_id).offers}
        assert statuses.pop(offer.id) == "WITHDRAWN"
        assert list(statuses.values()) == ["OPEN"]

    def test_two_officers_decide_once(self, bank: Bank, erp: Erp) -> None:
        application = waiting(erp)
        colleague = OfficerAtDesk(bank.url)
        bank.officer.approve(application.id)
        with pytest.raises(BankProcessError, match="409|no form"):
            colleague.approve(application.id)
        with pytest.raises(BankProcessError, match="409"):
            colleague.decline(application.id, "no")
        assert len(erp.http.application(application.id).offers) == 1


class TestPages:
    def test_the_inbox_shows_who_waits_first_and_finds_by_document(self, bank: Bank, browser: Browser) -> None:
        erp = Erp.approved(bank, name="Ostsee Holzhandel")
        sale = new_sale(invoices=2, buyer="Fjordmöbel AS")
        application = erp.apply(sale)
        erp.offered()
        page = browser.get("/desk/?q=ostsee").text
        assert page.index("Waits for an officer") < page.index("Offered</span>")
        assert application.reference in browser.get(f"/desk/?q={sale.number}").text
        assert application.reference in browser.get("/desk/?status=WAITING&q=fjordm%C3%B6bel").text
        assert application.reference not in browser.get("/desk/?status=REJECTED").text
        assert "No application matches" in browser.get("/desk/?q=100%25").text

    def test_an_application_shows_its_evidence_rules_and_verification(self, erp: Erp, browser: Browser) -> None:
        page = browser.get(f"/desk/applications/{waiting(erp).id}").text
        for shown in (
            "Larch board",
            "WH/OUT/00042",
            "S00042",
            "VAT 19 %",
            "Alpenbau AG",
            "11,900.00",
            "DE02120300000000202051",
            "Fewer than three invoices to this buyer.",
            "at least 3",
            "Without a finding: form and schema, leaves, proofs and root",
            "<svg",
            "paid in time 77280.00 EUR",
            "Loan application processing",
        ):
            assert shown in page, shown

    def test_the_lights_are_told_by_word_and_shape_as_well_as_colour(self, erp: Erp, browser: Browser) -> None:
        sale = new_sale(lights={"authenticity": "red", "self_liquidation": "grey", "control": "amber"})
        page = browser.get(f"/desk/applications/{erp.apply(sale).id}").text
        shown = re.findall(r'<span>([A-Za-z-]+) <span class="level">([A-Za-z ]+)</span>', page)
        assert shown == [("Authenticity", "Red"), ("Self-liquidation", "Not checked"), ("Control", "Amber")]
        panel = page[page.index('class="lights"') : page.index('class="split"')]
        assert len(set(re.findall(r'<svg class="lamp [a-z]+".*?</svg>', panel, re.DOTALL))) == 3

    def test_the_graph_marks_where_a_stream_contradicts(self, erp: Erp, browser: Browser) -> None:
        sentence = "100 m² are invoiced; 80 m² were delivered."
        wrong = {"code": "quantity-over-delivered", "line": 1, "sentence": sentence, "figure": "100", "expected": "80"}
        page = browser.get(f"/desk/applications/{erp.apply(new_sale(contradictions=[wrong])).id}").text
        boxes = re.findall(r'<li class="box (\w+)">\s*<strong class="name">(\w+)</strong>', page)
        assert boxes == [
            ("good", "Order"), ("bad", "Delivery"), ("good", "Invoice"), ("good", "Tax"), ("done", "Payment")
        ]  # fmt: skip
        assert sentence in page and "(100 where 80 was expected)" in page

    def test_an_order_is_drawn_without_an_invoice(self, erp: Erp, browser: Browser) -> None:
        sale = new_sale(kind="sales_order", technique="pre_shipment", invoices=2)
        page = browser.get(f"/desk/applications/{erp.apply(sale).id}").text
        assert "Not invoiced yet" in page

    def test_each_chart_says_in_words_and_figures_what_it_draws(self, erp: Erp, browser: Browser) -> None:
        page = browser.get(f"/desk/applications/{waiting(erp).id}").text
        for code, words in {
            "sales": "Invoiced: 649,000 EUR in all",
            "forecast": "From the financed documents: 11,900 EUR in all",
            "ageing": "Owed to the applicant: 58,350 EUR in all, most in not due (46,200).",
            "punctuality": "On time: 234 deliveries in all",
        }.items():
            described = re.search(rf'<desc id="d-{code}">(.*?)</desc>', page)
            assert described and words in described.group(1), code
        assert page.count('<figure class="chart">') == page.count("<summary>Figures</summary>") == 4

    def test_a_page_needs_neither_script_nor_style_of_its_own(self, erp: Erp, browser: Browser) -> None:
        answer = browser.get(f"/desk/applications/{waiting(erp).id}")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';") and "unsafe" not in policy
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", answer.text)

    def test_what_the_applicant_wrote_is_never_markup(self, erp: Erp, browser: Browser) -> None:
        sale = new_sale(invoices=2, buyer="<img src=x onerror=1>")
        page = browser.get(f"/desk/applications/{erp.apply(sale).id}").text
        assert "&lt;img src=x onerror=1&gt;" in page and "<img" not in page

    def test_a_failed_verification_shows_its_places(self, erp: Erp, browser: Browser) -> None:
        sale = new_sale()
        application = erp.apply(sale, erp.package(sale).replace(b"Larch", b"Birch"))
        page = browser.get(f"/desk/applications/{application.id}").text
        assert "Failed" in page
        assert "<code>/leaves/" in page

    def test_bytes_that_are_no_package_do_not_break_the_page(self, erp: Erp, browser: Browser) -> None:
        sha256 = erp.http.put_document(b"\x00 no json", "application/json")
        application = erp.apply(new_sale(), package_sha256=sha256)
        assert browser.get(f"/desk/applications/{application.id}").status_code == 200

    def test_the_sealed_package_can_be_downloaded_as_it_came(self, erp: Erp, browser: Browser) -> None:
        sale = new_sale()
        package = erp.package(sale)
        application = erp.apply(sale, package)
        assert browser.get(f"/desk/applications/{application.id}/package").content == package

    def test_a_loan_shows_schedule_ledger_and_balance(self, bank: Bank, erp: Erp, browser: Browser) -> None:
        loan = erp.financed()
        bank.days_pass(10)
        erp.collect(loan, "3000.00", collection_id="PAY/7")
        page = browser.get(f"/desk/loans/{loan.id}").text
        for shown in (loan.number, "5,017.56 EUR", "PAY/7", "2,982.44", "8,079.00", "Payment of the buyer"):
            assert shown in page, shown
        assert loan.number in browser.get("/desk/loans?status=ACTIVE").text
        assert loan.number not in browser.get("/desk/loans?status=CLOSED").text

    def test_a_purchase_shows_who_is_paid_on_which_account(self, erp: Erp, browser: Browser) -> None:
        application = erp.apply(new_purchase(days_to_sell="200"))
        page = browser.get(f"/desk/applications/{application.id}").text
        for shown in (
            "asks for distributor finance for a purchase from Sägewerk Huber",
            "Who is paid",
            "AT61 1904 3002 3457 3201",
            "vouched for",
            "Supplier&#39;s bill BILL/",
            "its number RE-",
            "from the supplier",
            "200 days",
            "0.50 % all buyers together",
            "From all that is sold",
        ):
            assert shown in page, shown

    def test_a_pledge_shows_the_goods(self, erp: Erp, browser: Browser) -> None:
        lots = (Lot(f"PLG/{new_key()[:8]}", "Oak board 22 mm", days_to_sell=None),)
        application = erp.apply(new_pledge(lots=lots, requested=Decimal("4000.00")))
        page = browser.get(f"/desk/applications/{application.id}").text
        assert "asks for an inventory loan on Oak board 22 mm" in page
        for shown in ("What is pledged", f"LOT-{lots[0].number}", "WH/Stock/Pledged", "8,000.00", "none sold"):
            assert shown in page, shown
        assert "What carries the money" not in page

    def test_a_loan_shows_its_goods_and_the_release_that_waits(self, bank: Bank, erp: Erp, browser: Browser) -> None:
        pledge = new_pledge()
        loan = erp.financed(pledge)
        oak, larch = (lot.number for lot in pledge.lots)
        erp.release(loan, larch, "5")
        erp.value(loan, {oak: ("96", "7680.00")})
        assert loan.number not in browser.get("/desk/loans?status=WAITING").text
        erp.release(loan, oak, "50", release_id="REL/<7>")
        page = browser.get(f"/desk/loans/{loan.id}").text
        for shown in (
            "112.8 %",  # 7,680 and 3,600 are worth 11,280; 60 % of it are 6,768
            "11,280.00",
            "6,768.00",
            "4 m² not in the applicant's books",
            "Release of 50 m²",
            "1,632.00 EUR",  # 46 of the oak are there, worth 3,680; with the larch 60 % are 4,368
            "Release all the same",
            f"{loan.number}-R1",
        ):
            assert shown in page, shown
        assert loan.number in browser.get("/desk/loans?status=WAITING").text
        assert "Release waits" in browser.get("/desk/loans").text
        bank.officer.release_goods(loan.id, "REL/<7>")
        page = browser.get(f"/desk/loans/{loan.id}").text
        assert "Release all the same" not in page
        assert "have to be repaid for the goods to carry the loan again" in page

    def test_a_release_is_decided_once_with_words_and_written_down(
        self, bank: Bank, erp: Erp, browser: Browser
    ) -> None:
        pledge = new_pledge()
        loan, other = erp.financed(pledge), erp.financed(new_pledge())
        erp.release(loan, pledge.number, "60", release_id="REL/1")
        path = f"/desk/loans/{loan.id}/releases/1"
        assert browser.post(f"{path}/release", {}).status_code == 403
        answer = browser.post(f"{path}/decline", {"reason": " ", "csrf_token": browser.csrf})
        assert answer.status_code == 422
        assert "Write a sentence that the applicant understands." in answer.text
        elsewhere = f"/desk/loans/{other.id}/releases/1/release"
        assert browser.post(elsewhere, {"csrf_token": browser.csrf}).status_code == 404
        bank.officer.decline_release(loan.id, "REL/1", "The season is not over.")
        assert browser.post(f"{path}/release", {"csrf_token": browser.csrf}).status_code == 409
        assert erp.held(loan)[pledge.number] == 100
        with bank.gateway.db.read() as session:
            query = sa.select(AuditEntry).where(AuditEntry.subject == loan.id)
            written = [(entry.action, entry.detail) for entry in session.scalars(query)]
        assert written == [("collateral.release_declined", "release 1")]

    def test_every_contradiction_has_a_stream_in_the_graph(self) -> None:
        assert set(flow.STREAM_OF) == set(get_args(Contradiction.model_fields["code"].annotation))

    def test_what_does_not_exist_is_a_page_that_says_so(self, browser: Browser) -> None:
        for path in ("/desk/applications/x", "/desk/loans/x", "/desk/clients/x", "/desk/nothing"):
            answer = browser.get(path)
            assert answer.status_code == 404
            assert "There is no such page" in answer.text

    def test_what_officers_do_and_see_is_written_down(self, bank: Bank, erp: Erp, browser: Browser) -> None:
        application = waiting(erp)
        browser.get(f"/desk/applications/{application.id}")
        bank.officer.decline(application.id, "No appetite.")
        with bank.gateway.db.read() as session:
            query = sa.select(AuditEntry.action).where(AuditEntry.subject == application.id).order_by(AuditEntry.id)
            actions = session.scalars(query).all()
        assert actions == ["application.viewed", "application.declined"]
        page = browser.get("/desk/audit").text
        assert "OTHERS" in page and application.id in page
        assert "No appetite." not in page, "an entry is for ever, and words may have to be erased"
        with pytest.raises(sa.exc.DBAPIError), bank.gateway.db.write() as session:
            session.execute(sa.delete(AuditEntry))
