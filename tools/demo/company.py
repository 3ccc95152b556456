"""Nordlicht Küchengeräte GmbH of Hamburg: its customers and how they pay, its suppliers, articles and people.

Every name is invented. VAT numbers and IBANs carry correct check digits, so that Odoo's own checks accept them; mail
addresses use the reserved `.example` domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Address:
    street: str
    zip: str
    city: str
    country: str
    state: str | None = None


@dataclass(frozen=True, kw_only=True)
class Firm:
    name: str
    address: Address
    vat: str | None
    email: str
    phone: str
    website: str | None = None
    iban: str | None = None


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How a customer pays: days around the due date, in which parts, and how many of its invoices never.

    `parts` are (share in percent, days after the first part); `unpaid_every` = 5 means that the fifth, tenth … is
    never paid, `None` that all are.
    """

    days_late: tuple[int, int]
    parts: tuple[tuple[int, int], ...] = ((100, 0),)
    unpaid_every: int | None = None


@dataclass(frozen=True, kw_only=True)
class Buyer:
    key: str
    firm: Firm
    terms_days: int
    currency: str
    habit: Habit
    orders_share: int
    """Weight among the customers: how many of every nine orders are theirs."""
    discount_percent: int = 0


@dataclass(frozen=True, kw_only=True)
class Supplier:
    key: str
    firm: Firm
    terms_days: int
    lead_days: int


@dataclass(frozen=True, kw_only=True)
class Article:
    code: str
    name: str
    cost: Decimal
    price: Decimal
    supplier: str
    weight_kg: Decimal


@dataclass(frozen=True, kw_only=True)
class Person:
    login: str
    name: str
    role: str
    groups: tuple[str, ...]
    """External ids; those of a module that is not installed are passed over."""


COMPANY = Firm(
    name="Nordlicht Küchengeräte GmbH",
    address=Address(street="Am Sandtorkai 48", zip="20457", city="Hamburg", country="DE", state="HH"),
    vat="DE314579269",
    email="buchhaltung@nordlicht.example",
    phone="+49 40 5550 1840",
    website="https://nordlicht.example",
    iban="DE37200000990004711001",
)
COMPANY_REGISTRY = "HRB 158204"
EUR_BANK_NAME = "Hanseatische Testbank AG"
EUR_BANK_BIC = "HATEDEHHXXX"
USD_ACCOUNT_IBAN = "DE10200000990004711002"
EMPLOYER_MONTHLY_WAGES = Decimal("16400.00")
MONTHLY_RENT = Decimal("3850.00")
PAID_IN_CAPITAL = Decimal("180000.00")

BUYERS = (
    Buyer(
        key="elbblick",
        firm=Firm(
            name="Küchenstudio Elbblick GmbH",
            address=Address(street="Elbchaussee 212", zip="22605", city="Hamburg", country="DE", state="HH"),
            vat="DE285611438",
            email="einkauf@elbblick.example",
            phone="+49 40 5550 7731",
        ),
        terms_days=30,
        currency="EUR",
        habit=Habit(days_late=(-10, -6)),
        orders_share=2,
    ),
    Buyer(
        key="lefevre",
        firm=Firm(
            name="Cuisines Lefèvre SARL",
            address=Address(street="18 rue de la République", zip="69002", city="Lyon", country="FR"),
            vat="FR59539274167",
            email="achats@cuisines-lefevre.example",
            phone="+33 4 72 55 01 18",
        ),
        terms_days=30,
        currency="EUR",
        habit=Habit(days_late=(-1, 0)),
        orders_share=2,
    ),
    Buyer(
        key="wiener",
        firm=Firm(
            name="Wiener Küchenwerkstatt GmbH",
            address=Address(street="Lerchenfelder Straße 74", zip="1080", city="Wien", country="AT"),
            vat="ATU66183426",
            email="bestellung@kuechenwerkstatt.example",
            phone="+43 1 555 04 22",
        ),
        terms_days=30,
        currency="EUR",
        habit=Habit(days_late=(9, 12)),
        orders_share=2,
    ),
    Buyer(
        key="vandijk",
        firm=Firm(
            name="Keukenhuis Van Dijk B.V.",
            address=Address(street="Nieuwe Binnenweg 310", zip="3021 GR", city="Rotterdam", country="NL"),
            vat="NL857219364B01",
            email="inkoop@keukenhuis-vandijk.example",
            phone="+31 10 555 0146",
        ),
        terms_days=30,
        currency="EUR",
        habit=Habit(days_late=(-4, -1), parts=((50, 0), (30, 9), (20, 18))),
        orders_share=1,
    ),
    Buyer(
        key="baltic",
        firm=Firm(
            name="Baltic Home Trading GmbH",
            address=Address(street="Am Strande 5", zip="18055", city="Rostock", country="DE", state="MV"),
            vat="DE309277157",
            email="office@baltic-home.example",
            phone="+49 381 5550 290",
        ),
        terms_days=30,
        currency="EUR",
        habit=Habit(days_late=(46, 72), unpaid_every=4),
        orders_share=1,
    ),
    Buyer(
        key="harbor",
        firm=Firm(
            name="Harbor Kitchen Supply Inc.",
            address=Address(street="210 Northern Avenue", zip="02210", city="Boston", country="US", state="MA"),
            vat=None,
            email="purchasing@harborkitchen.example",
            phone="+1 617 555 0129",
        ),
        terms_days=45,
        currency="USD",
        habit=Habit(days_late=(1, 4)),
        orders_share=1,
    ),
)

SUPPLIERS = (
    Supplier(
        key="schwarzwald",
        firm=Firm(
            name="Schwarzwald Gerätebau GmbH",
            address=Address(
                street="Industriestraße 31", zip="79108", city="Freiburg im Breisgau", country="DE", state="BW"
            ),
            vat="DE271908649",
            email="vertrieb@schwarzwald-geraetebau.example",
            phone="+49 761 5550 60",
            iban="DE74680000880012345678",
        ),
        terms_days=30,
        lead_days=12,
    ),
    Supplier(
        key="bellini",
        firm=Firm(
            name="Elettrodomestici Bellini S.r.l.",
            address=Address(street="Via dell'Industria 9", zip="31029", city="Vittorio Veneto", country="IT"),
            vat="IT03418720565",
            email="vendite@bellini.example",
            phone="+39 0438 555 014",
            iban="IT60X0542811101000000123456",
        ),
        terms_days=45,
        lead_days=16,
    ),
)

# Of whom nothing was bought yet: they are invited to the program only.
NEWCOMERS = (
    Firm(
        name="Ostsee Verpackung GmbH",
        address=Address(street="Werftstraße 17", zip="18057", city="Rostock", country="DE"),
        vat=None,
        email="buero@ostsee-verpackung.example",
        phone="+49 381 5550 612",
    ),
    Firm(
        name="Lichtfabrik Altona OHG",
        address=Address(street="Große Elbstraße 88", zip="22767", city="Hamburg", country="DE"),
        vat=None,
        email="kontakt@lichtfabrik-altona.example",
        phone="+49 40 5550 3390",
    ),
)

ARTICLES = tuple(
    Article(
        code=code, name=name, cost=Decimal(cost), price=Decimal(price), supplier=supplier, weight_kg=Decimal(weight)
    )
    for code, name, cost, price, supplier, weight in (
        ("NL-BO60", "Built-in oven Pyro 60", "362.00", "589.00", "schwarzwald", "34.5"),
        ("NL-DG45", "Steam oven Compact 45", "431.00", "699.00", "schwarzwald", "28.0"),
        ("NL-WS14", "Warming drawer 14 cm", "139.00", "229.00", "schwarzwald", "15.2"),
        ("NL-KV10", "Bean-to-cup coffee centre", "518.00", "849.00", "schwarzwald", "21.4"),
        ("NL-GS60", "Dishwasher, fully integrated 60", "334.00", "545.00", "schwarzwald", "37.0"),
        ("NL-IK80", "Induction hob 80 cm", "298.00", "489.00", "bellini", "14.8"),
        ("NL-DH90", "Chimney hood 90 cm", "206.00", "345.00", "bellini", "19.3"),
        ("NL-KG178", "Fridge-freezer, built-in 178", "457.00", "749.00", "bellini", "58.0"),
        ("NL-WK34", "Wine cooler, 34 bottles", "388.00", "639.00", "bellini", "41.0"),
        ("NL-MW25", "Built-in microwave 25 l", "158.00", "265.00", "bellini", "17.6"),
    )
)

PEOPLE = (
    Person(
        login="mia",
        name="Mia Sommer",
        role="sales, purchases and invoicing; asks for financing",
        groups=(
            "sales_team.group_sale_salesman_all_leads",
            "account.group_account_invoice",
            "purchase.group_purchase_user",
            "stock.group_stock_user",
            "scf_connector.group_scf_requester",
        ),
    ),
    Person(
        login="jonas",
        name="Jonas Weber",
        role="accountant; approves financing",
        groups=(
            "account.group_account_user",
            "account.group_account_manager",
            "sales_team.group_sale_salesman_all_leads",
            "purchase.group_purchase_user",
            "stock.group_stock_user",
            "scf_connector.group_scf_approver",
        ),
    ),
    Person(
        login="admin",
        name="Administrator",
        role="settings; connects the banks",
        groups=("account.group_account_user", "scf_connector.group_scf_admin"),
    ),
)


def buyer(key: str) -> Buyer:
    return next(b for b in BUYERS if b.key == key)


def article(code: str) -> Article:
    return next(a for a in ARTICLES if a.code == code)
