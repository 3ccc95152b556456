"""Payables with their early payments and settlements, whose invoices are financed documents too; loans in programs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from openscf_bank.kit.columns import ExactDecimal, UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_payables()
    _create_early_payments()
    _create_settlements()
    _forbid_changes_of_settlements()
    _let_payables_hold_documents()
    op.create_table(
        "program_loans",
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("program_id", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("told_sequence", sa.Integer(), nullable=False),
        sa.Column("bought_back_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name=op.f("fk_program_loans_application_id")),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_program_loans_program_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_program_loans_member_id")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_program_loans")),
    )
    op.create_index(op.f("ix_program_loans_program_id"), "program_loans", ["program_id"], unique=False)
    op.create_index(op.f("ix_program_loans_member_id"), "program_loans", ["member_id"], unique=False)


def _create_payables() -> None:
    op.create_table(
        "payables",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("program_id", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("document_kind", sa.String(length=32), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("issuer_number", sa.Text(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("f1", sa.String(length=64), nullable=False),
        sa.Column("f2", sa.String(length=64), nullable=False),
        sa.Column("f3", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=32), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("settled", ExactDecimal(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", UtcTime(), nullable=False),
        sa.Column("rate_pa", ExactDecimal(), nullable=True),
        sa.Column("fee_percent", ExactDecimal(), nullable=True),
        sa.Column("day_count", sa.String(length=32), nullable=True),
        sa.Column("min_days", sa.Integer(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("early_payment", sa.Integer(), nullable=True),
        sa.Column("registered_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_payables_client_id")),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_payables_program_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_payables_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payables")),
        sa.UniqueConstraint("client_id", "reference", name=op.f("uq_payables_client_id_reference")),
    )
    for column in ("program_id", "member_id", "f1", "due_date", "status", "registered_at"):
        op.create_index(op.f(f"ix_payables_{column}"), "payables", [column], unique=False)
    op.create_table(
        "payable_adjustments",
        sa.Column("payable_id", sa.String(length=64), nullable=False),
        sa.Column("adjustment_id", sa.String(length=64), nullable=False),
        sa.Column("before", ExactDecimal(), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["payable_id"], ["payables.id"], name=op.f("fk_payable_adjustments_payable_id")),
        sa.PrimaryKeyConstraint("payable_id", "adjustment_id", name=op.f("pk_payable_adjustments")),
    )


def _create_early_payments() -> None:
    op.create_table(
        "early_payments",
        sa.Column("payable_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("pay_on", sa.Date(), nullable=False),
        sa.Column("discount", ExactDecimal(), nullable=False),
        sa.Column("payout", ExactDecimal(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("accepted_by", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("confirmation", sa.LargeBinary(), nullable=True),
        sa.Column("confirmation_signature", sa.Text(), nullable=True),
        sa.Column("payment_reference", sa.String(length=64), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=True),
        sa.Column("account_holder", sa.Text(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["payable_id"], ["payables.id"], name=op.f("fk_early_payments_payable_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["clients.id"], name=op.f("fk_early_payments_asked_by")),
        sa.PrimaryKeyConstraint("payable_id", "sequence", name=op.f("pk_early_payments")),
        sa.UniqueConstraint("payable_id", "request_id", name=op.f("uq_early_payments_payable_id_request_id")),
        sa.UniqueConstraint("payment_reference", name=op.f("uq_early_payments_payment_reference")),
    )
    op.create_index(op.f("ix_early_payments_status"), "early_payments", ["status"], unique=False)


def _create_settlements() -> None:
    op.create_table(
        "settlements",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("program_id", sa.String(length=64), nullable=False),
        sa.Column("settlement_id", sa.String(length=64), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=32), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_settlements_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlements")),
        sa.UniqueConstraint("program_id", "settlement_id", name=op.f("uq_settlements_program_id_settlement_id")),
    )
    op.create_table(
        "settlement_lines",
        sa.Column("settlement", sa.String(length=64), nullable=False),
        sa.Column("payable_id", sa.String(length=64), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.ForeignKeyConstraint(["settlement"], ["settlements.id"], name=op.f("fk_settlement_lines_settlement")),
        sa.ForeignKeyConstraint(["payable_id"], ["payables.id"], name=op.f("fk_settlement_lines_payable_id")),
        sa.PrimaryKeyConstraint("settlement", "payable_id", name=op.f("pk_settlement_lines")),
    )
    op.create_index(op.f("ix_settlement_lines_payable_id"), "settlement_lines", ["payable_id"], unique=False)
    op.create_table(
        "settlement_reversals",
        sa.Column("settlement", sa.String(length=64), nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=False),
        sa.Column("reversed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["settlement"], ["settlements.id"], name=op.f("fk_settlement_reversals_settlement")),
        sa.PrimaryKeyConstraint("settlement", name=op.f("pk_settlement_reversals")),
    )


def _forbid_changes_of_settlements() -> None:
    """What the anchor paid is append-only, like the tables of revision 0001 (whose function PostgreSQL uses)."""
    for table in ("settlements", "settlement_lines", "settlement_reversals"):
        if op.get_context().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
            continue
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed or deleted'); END"
            )


def _let_payables_hold_documents() -> None:
    """One unique index for both: an invoice that a loan finances is not paid early, and the other way round."""
    _drop_the_index_of_open_documents()
    with op.batch_alter_table("financed_documents") as table:
        table.alter_column("application_id", existing_type=sa.String(length=64), nullable=True)
        table.add_column(sa.Column("payable_id", sa.String(length=64), nullable=True))
        table.create_foreign_key(op.f("fk_financed_documents_payable_id"), "payables", ["payable_id"], ["id"])
    op.create_index(op.f("ix_financed_documents_payable_id"), "financed_documents", ["payable_id"], unique=False)
    _create_the_index_of_open_documents()


def _create_the_index_of_open_documents() -> None:
    op.create_index(
        "uq_financed_documents_open",
        "financed_documents",
        ["fingerprint"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )


def _drop_the_index_of_open_documents() -> None:
    op.drop_index("uq_financed_documents_open", table_name="financed_documents")


def downgrade() -> None:
    op.drop_table("program_loans")
    op.execute("DELETE FROM financed_documents WHERE application_id IS NULL")
    _drop_the_index_of_open_documents()
    op.drop_index(op.f("ix_financed_documents_payable_id"), table_name="financed_documents")
    with op.batch_alter_table("financed_documents") as table:
        table.drop_constraint(op.f("fk_financed_documents_payable_id"), type_="foreignkey")
        table.drop_column("payable_id")
        table.alter_column("application_id", existing_type=sa.String(length=64), nullable=False)
    _create_the_index_of_open_documents()
    for table_name in (
        "settlement_reversals",
        "settlement_lines",
        "settlements",
        "early_payments",
        "payable_adjustments",
        "payables",
    ):
        op.drop_table(table_name)
