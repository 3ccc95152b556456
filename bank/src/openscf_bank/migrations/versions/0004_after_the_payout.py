"""Entries of every type in a ledger, drawdowns of a revolving loan, and the recourse that was asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from openscf_bank.kit.columns import ExactDecimal, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_entries", sa.Column("days", sa.Integer(), nullable=True))
    op.add_column("applications", sa.Column("recourse", sa.Boolean(), nullable=True))
    op.create_table(
        "drawdowns",
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("drawdown_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("payment_reference", sa.String(length=64), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("entry_id", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name=op.f("fk_drawdowns_entry_id")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_drawdowns_loan_id")),
        sa.PrimaryKeyConstraint("loan_id", "drawdown_id", name=op.f("pk_drawdowns")),
        sa.UniqueConstraint("loan_id", "sequence", name=op.f("uq_drawdowns_loan_id_sequence")),
        sa.UniqueConstraint("payment_reference", name=op.f("uq_drawdowns_payment_reference")),
    )
    op.create_index(op.f("ix_drawdowns_status"), "drawdowns", ["status"], unique=False)


def downgrade() -> None:
    op.drop_table("drawdowns")
    op.drop_column("applications", "recourse")
    op.drop_column("ledger_entries", "days")
