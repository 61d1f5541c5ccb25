"""What managers look at: requests without anybody, kept deadlines, capacity, and indexes for what is counted."""

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _tickets()
    _clocks()
    _indexes()


def _people() -> None:
    # Written out: Alembic would make the table anew on SQLite, and dropping the old one takes along what points to it.
    op.execute(
        "ALTER TABLE person ADD COLUMN weekly_minutes INTEGER "
        "CONSTRAINT ck_person_weekly_minutes_sane CHECK (weekly_minutes BETWEEN 0 AND 10080)"
    )


def _tickets() -> None:
    op.add_column("ticket", sa.Column("unassigned_since", UTCDateTime(), nullable=True))
    # Since when exactly is not on record for those that are there; they have waited since they were opened.
    op.execute(
        "UPDATE ticket SET unassigned_since = opened_at WHERE assignee_id IS NULL AND state_key IN "
        "(SELECT key FROM ticket_state WHERE category IN ('new', 'open', 'pending'))"
    )


def _clocks() -> None:
    op.add_column("sla_clock", sa.Column("is_kept", sa.Boolean(), nullable=True))
    op.add_column("sla_clock", sa.Column("decided_at", UTCDateTime(), nullable=True))
    op.execute(
        "ALTER TABLE sla_clock ADD COLUMN decided_team_id INTEGER "
        "CONSTRAINT fk_sla_clock_decided_team_id_team REFERENCES team (id)"
    )
    op.execute(
        "ALTER TABLE sla_clock ADD COLUMN decided_customer_id INTEGER "
        "CONSTRAINT fk_sla_clock_decided_customer_id_customer REFERENCES customer (id)"
    )
    # As `sla/clocks.py` says it of a clock's history; which team had the request then is not on record.
    op.execute(
        "UPDATE sla_clock SET is_kept = TRUE, decided_at = met_at "
        "WHERE met_at IS NOT NULL AND (due_at IS NULL OR met_at <= due_at)"
    )
    op.execute(
        "UPDATE sla_clock SET is_kept = FALSE, decided_at = due_at "
        "WHERE is_kept IS NULL AND (met_at IS NOT NULL OR breached_at IS NOT NULL)"
    )
    op.execute(
        "UPDATE sla_clock SET "
        "decided_team_id = (SELECT team_id FROM ticket WHERE ticket.id = sla_clock.ticket_id), "
        "decided_customer_id = (SELECT customer_id FROM ticket WHERE ticket.id = sla_clock.ticket_id) "
        "WHERE is_kept IS NOT NULL"
    )


def _indexes() -> None:
    op.drop_index("ix_sla_clock_ticket", "sla_clock")
    op.create_index("ix_sla_clock_ticket", "sla_clock", ["ticket_id", "state", "due_at"])
    op.create_index("ix_sla_clock_decided", "sla_clock", ["kind", "is_kept", "decided_at", "id"])
    op.create_index(
        "ix_sla_clock_team_decided", "sla_clock", ["decided_team_id", "kind", "is_kept", "decided_at", "id"]
    )
    op.create_index(
        "ix_sla_clock_customer_decided", "sla_clock", ["decided_customer_id", "kind", "is_kept", "decided_at", "id"]
    )
    op.create_index("ix_ticket_assignee_state", "ticket", ["assignee_id", "state_key"])
    op.drop_index("ix_ticket_contract_id", "ticket")
    op.create_index("ix_ticket_contract_team", "ticket", ["contract_id", "team_id"])
    op.drop_index("ix_hours_entry_contract_day", "hours_entry")
    op.create_index("ix_hours_entry_contract_day", "hours_entry", ["contract_id", "on_date", "minutes"])
    op.create_index("ix_process_instance_started", "process_instance", ["started_at", "id", "definition_id"])
    op.drop_index("ix_process_instance_state", "process_instance")
    op.create_index("ix_process_instance_state", "process_instance", ["state", "started_at", "id"])
    op.drop_index("ix_process_instance_definition_id", "process_instance")
    op.create_index("ix_process_instance_definition", "process_instance", ["definition_id", "started_at", "id"])
    op.create_index(
        "ix_process_instance_definition_state", "process_instance", ["definition_id", "state", "started_at", "id"]
    )
