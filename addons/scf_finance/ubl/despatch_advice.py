"""A UBL 2.1 DespatchAdvice: what left for a buyer, on which order, by which carrier (OASIS UBL 2.1, section 3.2.11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import etree
from lxml.builder import ElementMaker

from odoo.tools.xml_utils import remove_control_characters

from ..evidence.wire_text import plain

DESPATCH_ADVICE = "urn:oasis:names:specification:ubl:schema:xsd:DespatchAdvice-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
# ISO/IEC 6523 code of GS1's GTIN, as Odoo's exporters mark barcodes.
GTIN_SCHEME = "0160"

_root = ElementMaker(namespace=DESPATCH_ADVICE, nsmap={None: DESPATCH_ADVICE, "cac": CAC, "cbc": CBC})
_cac = ElementMaker(namespace=CAC)
_cbc = ElementMaker(namespace=CBC)


@dataclass(frozen=True, slots=True)
class Party:
    """A company with its address; what is not known is empty."""

    name: str
    tax_id: str
    street: str
    street2: str
    city: str
    zip: str
    country: str


@dataclass(frozen=True, slots=True)
class OrderReference:
    """An order: the seller's number, and the buyer's where there is one."""

    number: str
    buyers_number: str


@dataclass(frozen=True, slots=True)
class DespatchLine:
    """Goods that were sent. `quantity` in units of `unit_code` (UNECE Recommendation 20)."""

    order: OrderReference
    order_line: int
    quantity: Decimal
    unit_code: str
    name: str
    seller_code: str
    gtin: str


@dataclass(frozen=True, slots=True)
class Despatch:
    """One delivery that is done."""

    number: str
    sent_on: date
    seller: Party
    buyer: Party
    delivered_to: Party
    carrier: str
    tracking_reference: str
    lines: tuple[DespatchLine, ...]


def despatch_advice(despatch: Despatch) -> bytes:
    """Write the XML of a delivery, in UTF-8."""
    orders = dict.fromkeys(line.order for line in despatch.lines)
    tree = _root.DespatchAdvice(
        _text("UBLVersionID", "2.1"),
        _text("ID", despatch.number),
        _text("IssueDate", despatch.sent_on.isoformat()),
        _text("LineCountNumeric", str(len(despatch.lines))),
        *(_order_reference(order) for order in orders),
        _cac.DespatchSupplierParty(_party(despatch.seller)),
        _cac.DeliveryCustomerParty(_party(despatch.delivered_to)),
        _cac.BuyerCustomerParty(_party(despatch.buyer)),
        _cac.SellerSupplierParty(_party(despatch.seller)),
        _shipment(despatch),
        *(_line(number, line) for number, line in enumerate(despatch.lines, start=1)),
    )
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


def _shipment(despatch: Despatch):
    delivery = [
        *_optional("TrackingID", despatch.tracking_reference),
        _cac.DeliveryAddress(*_address(despatch.delivered_to)),
    ]
    if despatch.carrier:
        delivery.append(_cac.CarrierParty(_cac.PartyName(_text("Name", despatch.carrier))))
    delivery.append(_cac.Despatch(_text("ActualDespatchDate", despatch.sent_on.isoformat())))
    return _cac.Shipment(_text("ID", despatch.number), _cac.Delivery(*delivery))


def _line(number: int, line: DespatchLine):
    item = [_text("Name", line.name)]
    if line.seller_code:
        item.append(_cac.SellersItemIdentification(_text("ID", line.seller_code)))
    if line.gtin:
        item.append(_cac.StandardItemIdentification(_text("ID", line.gtin, schemeID=GTIN_SCHEME)))
    return _cac.DespatchLine(
        _text("ID", str(number)),
        _text("DeliveredQuantity", plain(line.quantity), unitCode=line.unit_code),
        _cac.OrderLineReference(_text("LineID", str(line.order_line)), _order_reference(line.order)),
        _cac.Item(*item),
    )


def _order_reference(order: OrderReference):
    return _cac.OrderReference(_text("ID", order.buyers_number or order.number), _text("SalesOrderID", order.number))


def _party(party: Party):
    members = [_cac.PartyName(_text("Name", party.name)), _cac.PostalAddress(*_address(party))]
    if party.tax_id:
        members.append(_cac.PartyTaxScheme(_text("CompanyID", party.tax_id), _cac.TaxScheme(_text("ID", "VAT"))))
    members.append(_cac.PartyLegalEntity(_text("RegistrationName", party.name)))
    return _cac.Party(*members)


def _address(party: Party):
    return [
        *_optional("StreetName", party.street),
        *_optional("AdditionalStreetName", party.street2),
        *_optional("CityName", party.city),
        *_optional("PostalZone", party.zip),
        *([_cac.Country(_text("IdentificationCode", party.country))] if party.country else ()),
    ]


def _optional(name: str, text: str):
    return [_text(name, text)] if text else []


def _text(name: str, text: str, **attributes: str):
    # XML can't carry control characters, which people paste into names.
    return _cbc(name, remove_control_characters(text.encode()).decode(), attributes)
