"""Extensions, substitutions, payments of buyers and write-offs; claims of the bank in the core system."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from openscf_bank.kit.columns import ExactDecimal, UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "financed_documents", sa.Column("part", sa.String(length=32), nullable=False, server_default="FINANCED")
    )
    op.add_column(
        "payment_orders", sa.Column("direction", sa.String(length=32), nullable=False, server_default="PAYMENT")
    )
    _create_extensions()
    _create_substitutions()
    _create_buyer_payments()
    op.create_table(
        "write_off_proposals",
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_write_off_proposals_loan_id")),
        sa.PrimaryKeyConstraint("loan_id", "sequence", name=op.f("pk_write_off_proposals")),
    )
    op.create_index(op.f("ix_write_off_proposals_status"), "write_off_proposals", ["status"], unique=False)


def _create_extensions() -> None:
    op.create_table(
        "extensions",
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("asked_days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("fee", ExactDecimal(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("acceptance", sa.LargeBinary(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_extensions_loan_id")),
        sa.PrimaryKeyConstraint("loan_id", "extension_id", name=op.f("pk_extensions")),
        sa.UniqueConstraint("loan_id", "sequence", name=op.f("uq_extensions_loan_id_sequence")),
    )
    op.create_index(op.f("ix_extensions_status"), "extensions", ["status"], unique=False)


def _create_substitutions() -> None:
    op.create_table(
        "substitutions",
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("substitution_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("released", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("package_row_id", sa.String(length=64), nullable=False),
        sa.Column("known", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_substitutions_loan_id")),
        sa.ForeignKeyConstraint(
            ["package_row_id"], ["received_packages.id"], name=op.f("fk_substitutions_package_row_id")
        ),
        sa.PrimaryKeyConstraint("loan_id", "substitution_id", name=op.f("pk_substitutions")),
        sa.UniqueConstraint("loan_id", "sequence", name=op.f("uq_substitutions_loan_id_sequence")),
    )
    op.create_index(op.f("ix_substitutions_status"), "substitutions", ["status"], unique=False)


def _create_buyer_payments() -> None:
    op.create_table(
        "buyer_payments",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("document_kind", sa.String(length=32), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("surplus", ExactDecimal(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("returned_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_buyer_payments_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buyer_payments")),
        sa.UniqueConstraint(
            "loan_id", "reference", "document_kind", "document_number", name="uq_buyer_payments_reference"
        ),
        sa.UniqueConstraint("loan_id", "sequence", name=op.f("uq_buyer_payments_loan_id_sequence")),
    )


def downgrade() -> None:
    for table in ("write_off_proposals", "buyer_payments", "substitutions", "extensions"):
        op.drop_table(table)
    op.drop_column("payment_orders", "direction")
    op.drop_column("financed_documents", "part")
