"""The numbers that tax and e-invoicing systems gave to the financed invoices."""

from __future__ import annotations

from dataclasses import dataclass

from odoo.tools import SQL

from .wire_text import without_none


@dataclass(frozen=True, slots=True)
class NumberingSystem:
    """A system outside the ERP, and the fields of account.move in which Odoo's module for it keeps its answer."""

    name: str
    number_field: str
    state_field: str | None = None


INVOICE_KINDS = ("customer_invoice", "vendor_bill")
# Modules of Odoo 19 that keep the system's own number in a stored field of the invoice. Others (India, Mexico, Saudi
# Arabia, Spain's TicketBAI) keep it inside a file or a record of their own.
SYSTEMS = (
    NumberingSystem("ES SII", "l10n_es_edi_csv"),
    NumberingSystem("EG ETA", "l10n_eg_uuid"),
    NumberingSystem("GR myDATA", "l10n_gr_edi_mark", "l10n_gr_edi_state"),
    NumberingSystem("HU NAV", "l10n_hu_edi_transaction_code", "l10n_hu_edi_state"),
    NumberingSystem("IT SdI", "l10n_it_edi_transaction", "l10n_it_edi_state"),
    NumberingSystem("KE TIMS", "l10n_ke_cu_invoice_number"),
    NumberingSystem("PL KSeF", "l10n_pl_edi_number", "l10n_pl_edi_status"),
    NumberingSystem("RO e-Factura", "l10n_ro_edi_index", "l10n_ro_edi_state"),
    NumberingSystem("TW ECPay", "l10n_tw_edi_ecpay_invoice_id", "l10n_tw_edi_state"),
    NumberingSystem("VN SInvoice", "l10n_vn_edi_invoice_number", "l10n_vn_edi_invoice_state"),
    NumberingSystem("Nemhandel", "nemhandel_message_uuid", "nemhandel_move_state"),
    NumberingSystem("Peppol", "peppol_message_uuid", "peppol_move_state"),
)


def e_invoice_rows(scope) -> list[dict]:
    """Rows of EInvoiceRow: one query per system whose module is installed. Orders and goods have none."""
    return [] if scope.kind not in INVOICE_KINDS else [row for system in SYSTEMS for row in _rows_of(scope, system)]


def _rows_of(scope, system: NumberingSystem) -> list[dict]:
    if not _is_stored(scope, system.number_field):
        return []
    has_state = system.state_field and _is_stored(scope, system.state_field)
    rows = scope.env.execute_query_dict(
        SQL(
            """
        SELECT name AS document, %(system)s AS system, %(number)s AS number, %(state)s AS state
          FROM account_move
         WHERE id = ANY(%(moves)s) AND COALESCE(%(number)s, '') != ''
         ORDER BY ARRAY_POSITION(%(moves)s, id)
        """,
            system=system.name,
            number=SQL.identifier(system.number_field),
            state=SQL.identifier(system.state_field) if has_state else SQL("NULL"),
            moves=scope.ids,
        )
    )
    return [without_none({**row, "state": row["state"] or None}) for row in rows]


def _is_stored(scope, name: str) -> bool:
    field = scope.env["account.move"]._fields.get(name)
    return bool(field and field.store and field.column_type)
