"""The screens that are photographed, and who looks at them."""

from __future__ import annotations

from dataclasses import dataclass

MANAGER = "ana@suport.example"
LEAD = "elena@suport.example"
AGENT = "radu@suport.example"
ADMINISTRATOR = "dana@suport.example"
CUSTOMER = "ioana.muresan@albalogistic.example"


@dataclass(frozen=True)
class Screen:
    """One screen of the demo.

    Args:
        account: who is signed in; nobody when empty.
        path: where it is, or where the link to it stands.
        follow: the link (a CSS selector) that leads on to it; a screen without its link is left out.
    """

    name: str
    account: str
    path: str
    follow: str = ""


SCREENS = (
    Screen("sign-in", "", "/sign-in"),
    Screen("style-guide", "", "/styleguide"),
    Screen("my-work", AGENT, "/"),
    Screen("task", AGENT, "/", "[data-row] a.s-hit"),
    Screen("tickets", AGENT, "/tickets/"),
    Screen("tickets-found", AGENT, "/tickets/?q=imprimanta"),
    Screen("tickets-empty", AGENT, "/tickets/?q=zzzz"),
    Screen("ticket", AGENT, "/?of=me", "[data-row][data-href*='/tickets/']"),
    Screen("ticket-new", AGENT, "/tickets/new"),
    Screen("unassigned", AGENT, "/", "[data-go=unassigned]"),
    Screen("notifications", AGENT, "/notifications"),
    Screen("not-found", AGENT, "/nothing-here"),
    Screen("profile", AGENT, "/settings/profile"),
    Screen("password", AGENT, "/password"),
    Screen("unassigned-given", MANAGER, "/unassigned/", "[data-row] .s-give-pop a"),
    Screen("unassigned-empty", MANAGER, "/unassigned/?customer=Farmacia Tilia"),
    Screen("overview", MANAGER, "/", "[data-go=overview]"),
    Screen("overview-lead", LEAD, "/", "[data-go=overview]"),
    Screen("overview-empty", MANAGER, "/overview/?customer=Farmacia Tilia"),
    Screen("deadlines", MANAGER, "/overview/", ".s-trends a"),
    Screen("workload", MANAGER, "/overview/workload"),
    Screen("work", MANAGER, "/overview/", ".s-loads li > a"),
    Screen("contract-hours", MANAGER, "/overview/contracts"),
    Screen("contract", MANAGER, "/overview/contracts", "[data-row] a.s-hit"),
    Screen("approvals", MANAGER, "/"),
    Screen("instances", MANAGER, "/instances/"),
    Screen("instances-empty", MANAGER, "/instances/?q=zzzz"),
    Screen("instance", MANAGER, "/instances/?state=running&process=ticket_lifecycle", "[data-row] a.s-hit"),
    Screen("instance-stalled", MANAGER, "/instances/?state=stalled", "[data-row] a.s-hit"),
    Screen("settings", ADMINISTRATOR, "/", "[data-go=settings]"),
    Screen("mail-out", ADMINISTRATOR, "/settings/outgoing-mail"),
    Screen("mail-in", ADMINISTRATOR, "/settings/received-mail"),
    Screen("portal", CUSTOMER, "/portal/"),
    Screen("portal-new", CUSTOMER, "/portal/new"),
    Screen("portal-request", CUSTOMER, "/portal/", "main a[href*='/portal/requests/']"),
)
