"""Pledged goods with their releases and valuations; the other party of an application is not always a buyer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from openscf_bank.kit.columns import ExactDecimal, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("collateral_valuations", "valued_goods")


def _forbid_changes() -> None:
    """Valuations are append-only, like the tables of revision 0001 (whose function PostgreSQL uses)."""
    for table in APPEND_ONLY:
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


def upgrade() -> None:
    op.alter_column("applications", "buyer_name", new_column_name="counterparty_name")
    op.create_table(
        "pledged_goods",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("product_code", sa.Text(), nullable=True),
        sa.Column("lot", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("uom", sa.Text(), nullable=True),
        sa.Column("value", ExactDecimal(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name=op.f("fk_pledged_goods_application_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledged_goods")),
        sa.UniqueConstraint("application_id", "number", name=op.f("uq_pledged_goods_application_id_number")),
    )
    op.create_table(
        "collateral_releases",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.String(length=64), nullable=True),
        sa.Column("goods_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("repay_first", ExactDecimal(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["goods_id"], ["pledged_goods.id"], name=op.f("fk_collateral_releases_goods_id")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_collateral_releases_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collateral_releases")),
        sa.UniqueConstraint("loan_id", "release_id", name=op.f("uq_collateral_releases_loan_id_release_id")),
        sa.UniqueConstraint("loan_id", "sequence", name=op.f("uq_collateral_releases_loan_id_sequence")),
    )
    op.create_index(op.f("ix_collateral_releases_goods_id"), "collateral_releases", ["goods_id"], unique=False)
    op.create_table(
        "collateral_valuations",
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("valuation_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_collateral_valuations_loan_id")),
        sa.PrimaryKeyConstraint("loan_id", "valuation_id", name=op.f("pk_collateral_valuations")),
        sa.UniqueConstraint("loan_id", "sequence", name=op.f("uq_collateral_valuations_loan_id_sequence")),
    )
    op.create_table(
        "valued_goods",
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("valuation_id", sa.String(length=64), nullable=False),
        sa.Column("goods_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("value", ExactDecimal(), nullable=False),
        sa.Column("missing", ExactDecimal(), nullable=False),
        sa.ForeignKeyConstraint(["goods_id"], ["pledged_goods.id"], name=op.f("fk_valued_goods_goods_id")),
        sa.ForeignKeyConstraint(
            ["loan_id", "valuation_id"],
            ["collateral_valuations.loan_id", "collateral_valuations.valuation_id"],
            name=op.f("fk_valued_goods_loan_id_valuation_id"),
        ),
        sa.PrimaryKeyConstraint("loan_id", "valuation_id", "goods_id", name=op.f("pk_valued_goods")),
    )
    _forbid_changes()


def downgrade() -> None:
    for table in ("valued_goods", "collateral_valuations", "collateral_releases", "pledged_goods"):
        op.drop_table(table)
    op.alter_column("applications", "counterparty_name", new_column_name="buyer_name")
