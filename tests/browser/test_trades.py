"""Each trade finances from its own screen, with its own rights: purchasing, the warehouse, sales, accounting."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from playwright.sync_api import Browser, expect

from tests.parts.browsing import OdooUser, Officer, keep_picture
from tests.parts.town import Town

SUPPLIER = "Hammerwerk Süd GmbH"
SUPPLIER_ACCOUNT = "DE02 1203 0000 0000 2020 51"


def application_on(town: Town, field: str, document: int) -> int:
    [row] = town.as_("requester").search_read("scf.application", [(f"line_ids.{field}", "=", document)], "id")
    return int(row["id"])


def sees_whom_the_bank_pays(purchaser: OdooUser) -> None:
    purchaser.asks_the_banks()
    dialog = purchaser.page.locator(".modal")
    expect(dialog).to_contain_text(SUPPLIER)
    expect(dialog.locator("[name=payee_account]")).to_contain_text(SUPPLIER_ACCOUNT)


def approve_at_desk(town: Town, browser: Browser, application: int) -> None:
    """The officer of the bank that decides by hand makes the offer that its rules propose."""
    reference = town.submission_at("hansa", application)["bank_application_ref"]
    officer = Officer(browser, town.banks["hansa"].url)
    officer.open(f"applications/{reference}")
    officer.page.get_by_role("button", name="Approve with these terms").click()
    expect(officer.page.get_by_role("heading", name="Offer Open")).to_be_visible()
    officer.page.context.close()


def test_purchaser_has_the_bank_pay_a_supplier(town: Town, browser: Browser) -> None:
    town.hire("purchaser", "storekeeper")
    town.traded(400)
    town.delivered_sale(120)
    order = town.confirmed_purchase(120, by="purchaser")
    path = f"action-purchase.purchase_form_action/{order}"
    purchaser = OdooUser(browser, town.odoo.url, "purchaser")
    page = purchaser.page
    purchaser.open(path)
    purchaser.sees_panel("eligible")
    purchaser.unfold()
    expect(purchaser.panel).to_contain_text("The supplier could receive")
    keep_picture(page, "purchase-eligible")
    page.locator(".o_scf_light[data-light=self_liquidation]").click()
    expect(page.locator("[data-check=goods-sell][data-level=green]")).to_be_visible()
    keep_picture(page, "purchase-lights")
    with purchaser.on_phone(path):
        purchaser.sees_panel("eligible")
        purchaser.unfold()
        keep_picture(purchaser.page, "purchase-eligible-phone", at=".o_scf_panel")
        sees_whom_the_bank_pays(purchaser)
        keep_picture(purchaser.page, "purchase-request-phone")

    sees_whom_the_bank_pays(purchaser)
    keep_picture(page, "purchase-request")
    page.locator(".modal button[name=action_submit]").click()
    purchaser.sees_panel("requested", "offered")

    application = application_on(town, "purchase_order_id", order)
    approve_at_desk(town, browser, application)
    purchaser.sees_panel("offered")
    expect(purchaser.panel.locator("tr[data-offer-state=open]")).to_have_count(2)
    expect(purchaser.panel.locator(".o_scf_panel_accept")).to_have_count(0)
    with purchaser.on_phone(path):
        purchaser.sees_panel("offered")

    approver = OdooUser(browser, town.odoo.url, "approver")
    approver.open(f"financing/{application}")
    offers = approver.page.locator(".o_scf_offer[data-offer-state=open]")
    expect(offers).to_have_count(2)
    expect(offers.first).to_contain_text(f"Paid to {SUPPLIER}")
    keep_picture(approver.page, "purchase-offers", at=".o_notebook")
    with approver.on_phone(f"financing/{application}"):
        expect(approver.page.locator(".o_scf_offer")).to_have_count(2)
        keep_picture(approver.page, "purchase-offers-phone", at=".o_scf_offers")
    offers.first.get_by_role("button", name=re.compile("^Accept")).click()
    expect(approver.page.locator(".modal")).to_contain_text(SUPPLIER)
    approver.says_yes()

    purchaser.sees_panel("financed")
    progress = purchaser.panel.get_by_role("progressbar")
    purchaser.unfold()
    expect(progress).to_have_attribute("aria-valuenow", "0")
    loan = town.loan_in_state(application, "active")
    assert town.payable_to("supplier") == -Decimal(f"{loan['principal']:.2f}"), "the bank paid the supplier"
    gets_more_time(town, browser, approver, loan)
    closes_the_period_and_reverses_it(town, approver)

    storekeeper = OdooUser(browser, town.odoo.url, "storekeeper")
    [receipt] = town.as_("admin").read("purchase.order", order, "picking_ids")["picking_ids"]
    storekeeper.open(f"action-stock.action_picking_tree_all/{receipt}")
    storekeeper.page.locator("button[name=button_validate]:visible").click()
    expect(storekeeper.page.locator(".o_arrow_button_current")).to_have_text("Done")

    invoice = town.invoice_of_delivered(town.confirmed_order(120, product="bought_in"), due_in_days=40)
    town.pay(invoice, 3_000.0)
    town.until("the first repayment", lambda: town.repayments(loan["id"]))
    expect(progress).not_to_have_attribute("aria-valuenow", "0")
    approver.open(f"action-scf_finance.action_scf_loan/{loan['id']}")
    approver.page.locator("button[name=action_open_goods]").click()
    expect(approver.page.locator(".o_form_view, .o_list_view").last).to_contain_text("Iron pot")
    keep_picture(approver.page, "financed-goods")
    sees_bank_ledger_and_journal_agree(approver, loan["id"])
    sees_what_is_to_be_disclosed(approver, loan["principal"])
    sees_what_it_cost(approver, order_name(town, order))
    town.pay(invoice, 12_000.0)
    town.loan_in_state(application, "closed")
    purchaser.sees_panel("repaid")
    expect(purchaser.panel).to_contain_text("Repaid")
    town.assert_one_truth(application)
    assert purchaser.errors == [] and approver.errors == [] and storekeeper.errors == []


def order_name(town: Town, order: int) -> str:
    return str(town.as_("approver").read("purchase.order", order, "name")["name"])


def sees_bank_ledger_and_journal_agree(accountant: OdooUser, loan: int) -> None:
    """The loan's statement, asked of the bank; what its own account has not shown yet is explained."""
    page = accountant.page
    accountant.open(f"action-scf_finance.action_scf_loan/{loan}")
    page.get_by_role("button", name="Loan Statement").click()
    page.locator(".modal button[name=action_fetch]").click()
    expect(page.locator(".o_arrow_button_current")).to_have_text(re.compile("Explained"))
    lines = page.locator("[name=entry_line_ids] .o_data_row")
    expect(lines).not_to_have_count(0)
    expect(lines.filter(has_not_text="All three agree")).to_have_count(0)
    keep_picture(page, "statement")
    with accountant.on_phone(re.split("/odoo/", page.url)[1]):
        expect(accountant.page.locator("[name=entry_line_ids] .o_kanban_record").first).to_contain_text("Our ledger")
        keep_picture(accountant.page, "statement-phone")
    page.get_by_role("tab", name="Waiting on Clearing").click()
    waiting = page.locator("[name=clearing_line_ids]")
    expect(waiting.locator(".o_data_row").first).to_contain_text("Expected on the bank statement until")
    expect(waiting.locator("th[data-name=bank_amount]")).to_have_count(0)


def sees_what_is_to_be_disclosed(accountant: OdooUser, principal: float) -> None:
    page = accountant.page
    accountant.open("action-scf_finance.action_scf_supplier_finance")
    expect(page.locator(".o_field_widget[name=confirmed]").first).to_contain_text(f"{principal:,.2f}")
    expect(page.locator("[name=line_ids] .o_data_row")).to_contain_text([SUPPLIER])
    keep_picture(page, "supplier-finance")
    with accountant.on_phone("action-scf_finance.action_scf_supplier_finance"):
        expect(accountant.page.locator(".o_field_widget[name=confirmed]").first).to_contain_text(f"{principal:,.2f}")
        keep_picture(accountant.page, "supplier-finance-phone")


def sees_what_it_cost(accountant: OdooUser, document: str) -> None:
    accountant.open("action-scf_finance.action_scf_cost_report")
    cost = accountant.page.locator(".o_pivot table")
    expect(cost).to_contain_text("Margin After Financing")
    expect(cost.locator("tr", has_text=document)).to_contain_text("70.00")  # the loan's fee and the one for more time
    keep_picture(accountant.page, "cost")


def closes_the_period_and_reverses_it(town: Town, accountant: OdooUser) -> None:
    """As of today: the loan's fee is owed and not paid, so it is accrued, and taken back tomorrow."""
    page = accountant.page
    today = dt.datetime.now(dt.timezone.utc).date()
    day, next_day = (one.strftime("%m/%d/%Y") for one in (today, today + dt.timedelta(days=1)))
    accountant.open("action-scf_finance.action_scf_period_close")
    dialog = page.locator(".modal")
    dialog.locator("[name=date] input").click()  # the last day of last month is proposed
    page.locator(".o_datetime_picker .o_next").click()
    page.locator(".o_datetime_picker .o_today").click()
    expect(dialog).to_contain_text(f"one journal entry on {day}, which is taken back on {next_day}")
    expect(dialog.locator("[name=line_ids] .o_data_row", has_text="Accrued financing costs")).to_have_count(1)
    keep_picture(page, "period-end")
    dialog.locator("button[name=action_close]").click()
    expect(page.locator(".o_arrow_button_current")).to_have_text("Booked")
    page.locator("button[name=action_take_back]").click()
    accountant.says_yes()
    expect(page.locator(".o_arrow_button_current")).not_to_have_text("Booked")
    closings = town.as_("approver").search_read("scf.loan.closing", [], "date", "state")
    assert [(one["date"], one["state"]) for one in closings] == [(today.isoformat(), "taken_back")]


def gets_more_time(town: Town, browser: Browser, approver: OdooUser, loan: dict[str, Any]) -> None:
    """Asked for by one, offered by the bank at a fee, accepted by another."""
    path = f"action-scf_finance.action_scf_loan/{loan['id']}"
    requester = OdooUser(browser, town.odoo.url, "requester")
    requester.open(path)
    requester.page.locator("button[name=action_extend]").click()
    dialog = requester.page.locator(".modal")
    dialog.locator("[name=reason] input, [name=reason] textarea").first.fill("The season begins three weeks late")
    expect(dialog).to_contain_text("of interest if everything is paid on its new due date")
    keep_picture(requester.page, "more-time")
    with requester.on_phone(path):
        requester.page.locator(".o_statusbar_buttons .dropdown-toggle, .o_statusbar_buttons .o-dropdown").first.click()
        requester.page.locator("button[name=action_extend]").click()
        expect(requester.page.locator(".modal")).to_contain_text("Interest for the Time")
        keep_picture(requester.page, "more-time-phone")
    dialog.locator("button[name=action_ask]").click()
    expect(dialog).to_have_count(0)

    domain = [("loan_id", "=", loan["id"])]
    [asked] = town.as_("approver").search_read("scf.loan.extension", domain, "name")
    officer = town.banks[town.bank_of(loan)].officer
    reference = town.as_("approver").read("scf.loan", loan["id"], "bank_loan_ref")["bank_loan_ref"]
    town.until("the request at the bank", lambda: asked["name"] in officer.page(f"loans/{reference}"))
    officer.offer_extension(reference, asked["name"], fee="30.00")

    def state() -> str:
        return str(town.as_("approver").search_read("scf.loan.extension", domain, "state")[0]["state"])

    town.until("the bank's offer", lambda: state() == "offered")
    approver.open(path)
    expect(approver.page.locator("[name=extension_offer]")).to_contain_text("30.00")
    keep_picture(approver.page, "more-time-offered")
    approver.page.locator("button[name=action_accept_extension]").click()
    approver.says_yes()
    town.until("more time", lambda: state() == "granted")
    assert requester.errors == []


def test_line_is_asked_for_and_drawn_on(town: Town, browser: Browser) -> None:
    town.collected_for_months(4, 20_000.0)
    requester = OdooUser(browser, town.odoo.url, "requester")
    page = requester.page
    requester.open("action-scf_finance.action_scf_credit_line")
    requester.sees_panel("eligible")
    expect(requester.panel).to_contain_text("A line of up to")
    path = re.split("/odoo/", page.url)[1]
    requester.asks_the_banks()
    page.locator(".modal button[name=action_submit]").click()
    requester.sees_panel("requested", "offered")
    domain = [("technique", "=", "revolving_line")]
    [asked] = town.as_("requester").search_read("scf.application", domain, "id")
    town.accept_best(asked["id"])
    town.until("the line", lambda: town.loan_of(asked["id"]))

    requester.open(path)
    page.locator(".o_statusbar_buttons button[name=action_draw]").click()
    dialog = page.locator(".modal")
    dialog.locator("[name=amount] input").fill("4000")
    dialog.locator("[name=amount] input").press("Tab")
    expect(dialog).to_contain_text("of interest until")
    keep_picture(page, "draw")
    dialog.locator("button[name=action_draw]").click()
    expect(dialog).to_have_count(0)

    approver = OdooUser(browser, town.odoo.url, "approver")
    with approver.on_phone(path):
        card = approver.page.locator("[name=drawdown_ids] .o_kanban_record")
        expect(card.first).to_contain_text("4,000.00")
        keep_picture(approver.page, "draw-approve-phone", at=".o_notebook")
        card.locator("button[name=action_approve]").click()
        approver.says_yes()
    town.until("the money", lambda: drawn(town, asked["id"]))
    approver.open("action-scf_finance.action_scf_credit_line")
    approver.sees_panel("financed")
    expect(approver.page.locator("[name=drawdown_ids] .o_data_row")).to_contain_text(["4,000.00"])
    keep_picture(approver.page, "line")
    town.assert_one_truth(asked["id"])
    assert requester.errors == [] and approver.errors == []


def drawn(town: Town, application: int) -> bool:
    loan = town.loan_of(application)
    return loan is not None and loan["balance_principal"] == 4_000


def test_storekeeper_borrows_against_a_lot_and_gets_goods_released(town: Town, browser: Browser) -> None:
    town.hire("storekeeper")
    lot = town.lot_in_stock("EK-2026-11", 200)
    path = f"action-stock.action_production_lot_form/{lot}"
    storekeeper = OdooUser(browser, town.odoo.url, "storekeeper")
    page = storekeeper.page
    storekeeper.open(path)
    storekeeper.sees_panel("eligible")
    expect(storekeeper.panel).to_contain_text("You could borrow")
    with storekeeper.on_phone(path):
        storekeeper.panel.locator("button[name=action_scf_borrow]").click()
        expect(storekeeper.page.locator(".modal [name=line_ids] .o_kanban_record").first).to_contain_text("EK-2026-11")
        keep_picture(storekeeper.page, "borrow-phone")
    storekeeper.panel.locator("button[name=action_scf_borrow]").click()
    dialog = page.locator(".modal")
    pledged = dialog.locator(".o_data_row [name=quantity]")
    expect(pledged).to_have_text("200.00")
    pledged.click()
    pledged.locator("input").fill("160")
    pledged.locator("input").press("Tab")
    expect(dialog.locator("[name=value] >> text=7,200.00").first).to_be_visible()
    keep_picture(page, "borrow")
    dialog.locator("button[name=action_borrow]").click()
    expect(dialog).to_have_count(0)
    ask = page.locator("button[name=action_submit]:visible")
    expect(page.locator("[name=line_ids] .o_data_row")).to_contain_text("EK-2026-11")
    expect(page.get_by_role("heading", name="New request")).to_be_visible()
    ask.click()
    expect(page.locator(".o_arrow_button_current")).to_have_text(re.compile("Requested|Offered"))

    pledge = town.pledge_on(lot)
    application = pledge["application_id"][0]
    town.accept_best(application)
    loan = town.loan_in_state(application, "active")
    storekeeper.open(path)
    expect(page.get_by_text("160 Units pledged to").first).to_be_visible()
    storekeeper.sees_panel("eligible")
    keep_picture(page, "lot-pledged")
    with storekeeper.on_phone(path):
        expect(storekeeper.page.get_by_text("160 Units pledged to").first).to_be_visible()
        storekeeper.sees_panel("eligible")
        keep_picture(storekeeper.page, "lot-pledged-phone")
    page.locator("button[name=action_lot_open_quants]").click()
    expect(page.locator(".o_data_row [name=id]").first).to_contain_text("pledged")

    transfer = town.transfer_of(town.confirmed_order(100, product="by_lot"), lot)
    storekeeper.open(f"action-stock.action_picking_tree_all/{transfer}")
    validate = page.locator("button[name=button_validate]:visible")
    validate.click()
    expect(dialog).to_contain_text("These goods secure a loan")
    expect(dialog.locator(".o_data_row [name=quantity]")).to_have_text("60.00")
    keep_picture(page, "release")
    with storekeeper.on_phone(f"action-stock.action_picking_tree_all/{transfer}"):
        storekeeper.page.locator("button[name=button_validate]:visible").click()
        goods = storekeeper.page.locator(".modal .o_kanban_record").first
        expect(goods).to_contain_text(re.compile("60.00 / 160.00"))
        keep_picture(storekeeper.page, "release-phone")
    dialog.locator("[name=reason] input").fill("Sold to Greystone, which pays in advance")
    dialog.locator("button[name=action_ask]").click()
    expect(page.locator(".o_notification", has_text="The release was asked for")).to_be_visible()
    town.until("the bank's word", lambda: town.release_state(lot) == "waiting")

    officer = Officer(browser, town.banks[town.bank_of(loan)].url)
    officer.page.get_by_role("link", name="Loans").click()
    officer.page.get_by_role("row").filter(has_text="Release waits").get_by_role("link").first.click()
    expect(officer.page.get_by_role("heading", name="Goods that stand for it")).to_be_visible()
    keep_picture(officer.page, "desk-release")
    officer.page.get_by_role("button", name="Release all the same").click()
    expect(officer.page.locator("[data-release-id]")).to_have_count(0)
    town.until("60 kettles free", lambda: town.release_state(lot) == "released")
    validate.click()
    expect(page.locator(".o_arrow_button_current")).to_have_text("Done")

    approver = OdooUser(browser, town.odoo.url, "approver")
    sees_goods_of(approver, loan["id"])
    expect(approver.page.locator(".o-mail-Message", has_text="is repaid. Repay")).to_have_count(1)
    keep_picture(approver.page, "loan-goods")
    with approver.on_phone("action-scf_finance.action_scf_loan"):
        sees_goods_of(approver, loan["id"])
        keep_picture(approver.page, "loan-goods-phone", at=".o_notebook")
    town.repay(loan["id"], town.loan_of(application)["balance_total"])
    town.loan_in_state(application, "closed")
    town.until("all free", lambda: town.pledge_on(lot)["state"] == "released")
    storekeeper.open(path)
    storekeeper.sees_panel("eligible")
    expect(page.get_by_text("Units pledged to")).to_have_count(0)
    town.assert_one_truth(application)
    assert storekeeper.errors == [] and approver.errors == []


def sees_goods_of(approver: OdooUser, loan: int) -> None:
    approver.open(f"action-scf_finance.action_scf_loan/{loan}")
    approver.page.get_by_role("tab", name="Pledged Goods").click()
    expect(approver.page.locator("[name=pledge_ids]")).to_contain_text("100.00")


def test_salesperson_asks_for_an_own_order_and_sees_no_invoice(town: Town, browser: Browser) -> None:
    town.hire("salesperson")
    town.posted_invoice(70)
    order = town.confirmed_order(90, by="salesperson")
    salesperson = OdooUser(browser, town.odoo.url, "salesperson")
    page = salesperson.page
    salesperson.open("financing-home")
    expect(page.locator("[data-kind=sales_order] .o_scf_home_amount")).to_be_visible()
    expect(page.locator("[data-kind=customer_invoice]")).to_have_count(0)
    salesperson.open(f"res.partner/{town.refs['customer']}")
    salesperson.sees_panel("eligible")
    salesperson.unfold()
    expect(salesperson.panel).to_contain_text("Sales orders")
    expect(salesperson.panel).not_to_contain_text("nvoices")
    salesperson.open(f"sales/{order}")
    salesperson.sees_panel("eligible")
    salesperson.asks_the_banks()
    page.locator(".modal button[name=action_submit]").click()
    salesperson.sees_panel("requested", "offered")
    assert town.submission_at("hansa", application_on(town, "sale_order_id", order))
    assert salesperson.errors == []


def test_accountant_draws_at_home_and_asks_for_many_at_once(town: Town, browser: Browser) -> None:
    town.hire("accountant")
    town.posted_invoice(50)
    town.posted_invoice(60, currency="EUR")
    accountant = OdooUser(browser, town.odoo.url, "accountant")
    page = accountant.page
    accountant.open("financing-home")
    card = page.locator("[data-kind=customer_invoice]").first
    expect(card.locator(".o_scf_home_amount")).to_be_visible()
    card.get_by_role("button", name=re.compile("^Draw")).click()
    expect(page.locator(".modal [name=move_ids] .o_data_row").first).to_be_visible()
    page.locator(".modal").get_by_role("button", name="Not Now").click()

    card.get_by_role("button", name=re.compile("Choose in the list")).click()
    expect(page.locator(".o_facet_value", has_text="Can Be Financed")).to_be_visible()
    page.locator(".o_optional_columns_dropdown button").click()
    page.locator(".o-dropdown--menu .dropdown-item", has_text=re.compile("^Financing$")).click()
    expect(page.locator(".o_scf_financing[data-state=financeable]").first).to_be_visible()
    page.locator(".o_breadcrumb .active").click()
    expect(page.locator(".o-dropdown--menu")).to_have_count(0)
    keep_picture(page, "list")
    page.locator("thead .o_list_record_selector input").check()
    page.locator(".o_cp_action_menus, .o_control_panel_actions").get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Get paid early").click()
    bulk = page.locator(".o_scf_bulk_progress")
    expect(bulk).to_have_attribute("data-state", "draft")
    page.locator("button[name=action_start]").click()
    expect(bulk).to_have_attribute("data-state", "done")
    expect(page.locator("[name=part_ids] .o_data_row", has_text="Asked")).to_have_count(2)
    keep_picture(page, "bulk-done")
    assert accountant.errors == []
