"""The screens that are photographed, and who looks at them."""

from __future__ import annotations

from dataclasses import dataclass

MANAGER = "ana@suport.example"
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
    Screen(
        "ticket-new-caller", AGENT, "/tickets/new?caller=ioana.muresan@albalogistic.example&subject=Imprimanta+nu+merge"
    ),
    Screen("ticket-new-unknown", AGENT, "/tickets/new?caller=0722+345+678"),
    Screen("unassigned", AGENT, "/", "[data-go=unassigned]"),
    Screen("notifications", AGENT, "/notifications"),
    Screen("not-found", AGENT, "/nothing-here"),
    Screen("profile", AGENT, "/settings/profile"),
    Screen("password", AGENT, "/password"),
    Screen("overview", MANAGER, "/", "[data-go=overview]"),
    Screen("approvals", MANAGER, "/"),
    Screen("instances", MANAGER, "/instances/"),
    Screen("instance", MANAGER, "/instances/", "main a[href^='/instances/']:not([href*='?'])"),
    Screen("settings", ADMINISTRATOR, "/", "[data-go=settings]"),
    Screen("mail-out", ADMINISTRATOR, "/settings/outgoing-mail"),
    Screen("mail-in", ADMINISTRATOR, "/settings/received-mail"),
    Screen("portal", CUSTOMER, "/portal/"),
    Screen("portal-new", CUSTOMER, "/portal/new"),
    Screen("portal-request", CUSTOMER, "/portal/", "main a[href*='/portal/requests/']"),
)
