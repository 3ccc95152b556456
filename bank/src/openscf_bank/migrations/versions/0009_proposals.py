"""What waits for a second officer is one table, whatever it is: write-offs move there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from openscf_bank.kit.columns import UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create(
        "loan_proposals",
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
    )
    op.execute(
        "INSERT INTO loan_proposals (loan_id, sequence, act, subject, content, reason, status,"
        " proposed_by, proposed_at, decided_by, decided_at)"
        " SELECT loan_id, sequence, 'write_off', '', '{}', reason, status,"
        " proposed_by, proposed_at, decided_by, decided_at FROM write_off_proposals"
    )
    op.drop_table("write_off_proposals")


def downgrade() -> None:
    _create("write_off_proposals")
    op.execute(
        "INSERT INTO write_off_proposals SELECT loan_id, sequence, reason, status,"
        " proposed_by, proposed_at, decided_by, decided_at FROM loan_proposals WHERE act = 'write_off'"
    )
    op.drop_table("loan_proposals")


def _create(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("loan_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        *columns,
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f(f"fk_{table}_loan_id")),
        sa.PrimaryKeyConstraint("loan_id", "sequence", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_status"), table, ["status"], unique=False)
