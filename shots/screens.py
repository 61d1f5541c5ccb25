"""The screens that are photographed, and who looks at them."""

from __future__ import annotations

from dataclasses import dataclass

MANAGER = "ana@suport.example"
LEAD = "elena@suport.example"
AGENT = "radu@suport.example"
LEAD = "elena@suport.example"
ADMINISTRATOR = "dana@suport.example"
CUSTOMER = "ioana.muresan@albalogistic.example"


@dataclass(frozen=True)
class Screen:
    """One screen of the demo.

    Args:
        account: who is signed in; nobody when empty.
        path: where it is, or where the link to it stands.
        follow: the link (a CSS selector) that leads on to it; a screen without its link is left out.
        is_gone: it is the page that says that something is not there.
    """

    name: str
    account: str
    path: str
    follow: str = ""
    is_gone: bool = False


SCREENS = (
    Screen("sign-in", "", "/sign-in"),
    Screen("style-guide", "", "/styleguide"),
    Screen("my-work", AGENT, "/"),
    Screen("my-work-filtered", AGENT, "/?of=teams&priority=high&kind=work&kind=take_over"),
    Screen("my-work-nothing", AGENT, "/?of=teams&priority=low&kind=accept&q=server"),
    Screen("my-work-lead", LEAD, "/"),
    Screen("task", AGENT, "/", "[data-row] a.s-hit"),
    Screen("tickets", AGENT, "/tickets/"),
    Screen("tickets-found", AGENT, "/tickets/?q=imprimanta"),
    Screen("tickets-empty", AGENT, "/tickets/?q=zzzz"),
    Screen("ticket", AGENT, "/?of=me", "[data-row][data-href*='/tickets/']"),
    Screen("ticket-new", AGENT, "/tickets/new"),
    Screen(
        "ticket-new-caller", AGENT, "/tickets/new?caller=ioana.muresan@albalogistic.example&subject=Imprimanta+nu+merge"
    ),
    Screen("ticket-new-unknown", AGENT, "/tickets/new?caller=0722+345+678"),
    Screen("unassigned", AGENT, "/", "[data-go=unassigned]"),
    Screen("notifications", AGENT, "/notifications"),
    Screen("not-found", AGENT, "/nothing-here", is_gone=True),
    Screen("profile", AGENT, "/settings/profile"),
    Screen("profile-notices", AGENT, "/settings/profile/notifications"),
    Screen("profile-customer", CUSTOMER, "/settings/profile"),
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
    Screen("settings-found", ADMINISTRATOR, "/settings/?q=radu"),
    Screen("people", ADMINISTRATOR, "/settings/people"),
    Screen("person", ADMINISTRATOR, "/settings/people?q=radu", "main a.s-hit"),
    Screen("person-new", ADMINISTRATOR, "/settings/people/new"),
    Screen("person-leaving", ADMINISTRATOR, "/settings/people/5/deactivate"),
    Screen("contacts", ADMINISTRATOR, "/settings/contacts"),
    Screen("contact", ADMINISTRATOR, "/settings/contacts", "main a.s-hit"),
    Screen("teams", ADMINISTRATOR, "/settings/teams"),
    Screen("team", ADMINISTRATOR, "/settings/teams", "main a.s-hit"),
    Screen("skills", ADMINISTRATOR, "/settings/skills"),
    Screen("types", ADMINISTRATOR, "/settings/types"),
    Screen("type", ADMINISTRATOR, "/settings/types/incident"),
    Screen("states", ADMINISTRATOR, "/settings/states"),
    Screen("state", ADMINISTRATOR, "/settings/states/assigned"),
    Screen("priorities", ADMINISTRATOR, "/settings/priorities"),
    Screen("changes", ADMINISTRATOR, "/settings/changes"),
    Screen("mail", ADMINISTRATOR, "/settings/mail"),
    Screen("mail-out", ADMINISTRATOR, "/settings/outgoing-mail"),
    Screen("mail-in", ADMINISTRATOR, "/settings/received-mail"),
    Screen("sign-in-link", "", "/sign-in/link"),
    Screen("sign-in-dead-link", "", "/sign-in/link/of-last-week", is_gone=True),
    Screen("sessions", AGENT, "/sessions"),
    Screen("portal", CUSTOMER, "/portal/?whose=company"),
    Screen("portal-empty", CUSTOMER, "/portal/?q=zzzz"),
    Screen("portal-new", CUSTOMER, "/portal/new"),
    Screen("portal-new-change", CUSTOMER, "/portal/new?type=change"),
    Screen("portal-request", CUSTOMER, "/portal/", "main a[href*='/portal/requests/']"),
    Screen("portal-waiting", CUSTOMER, "/portal/?whose=company", ".is-waiting a[href*='/portal/requests/']"),
    Screen("portal-closed", CUSTOMER, "/portal/?whose=company&show=closed", "main a[href*='/portal/requests/']"),
    Screen("portal-contract", CUSTOMER, "/portal/contract"),
    Screen("portal-sessions", CUSTOMER, "/sessions"),
)
