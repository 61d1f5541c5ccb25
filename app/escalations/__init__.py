"""Escalations: handing a ticket to those with the right skill, with a reason, an approver and a way back."""
