"""What one person's devices hold in all mailboxes together is summed up without reading them."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go to this version."""
    op.create_index("ix_mail_item_person", "mail_item", ["person", "size"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    op.drop_index("ix_mail_item_person", table_name="mail_item")
