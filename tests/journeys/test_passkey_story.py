"""A passkey from its making to its loss, in a real browser with an authenticator of its own."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, expect

from tests.journeys.conftest import PASSWORD, Served

pytestmark = pytest.mark.browser


def with_authenticator(context: BrowserContext, page: Page) -> tuple[CDPSession, str]:
    """The browser's own virtual device: a screen lock that knows its owner."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return devtools, str(made["authenticatorId"])


def is_ours(said: ConsoleMessage) -> bool:
    """Whether the browser complains of our pages, and not of the icon that it looks for itself."""
    return said.type == "error" and not said.location["url"].endswith("/favicon.ico")


def by_password(page: Page, base: str, login: str) -> None:
    page.goto(f"{base}/sign-in")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_passkey_from_its_making_to_its_loss(served: Served, browser: Browser) -> None:
    base = served.base.replace("127.0.0.1", "localhost")
    login = f"maya{served.org_id.hex[-8:]}"
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if is_ours(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    devtools, device = with_authenticator(context, page)

    by_password(page, base, login)
    page.goto(f"{base}/my-account")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What you will know it by").fill("This laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    code = page.locator("ol.codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("cell", name="This laptop")).to_be_visible()
    page.get_by_role("button", name="Sign out").first.click()

    page.goto(f"{base}/sign-in?next=/flags")
    page.get_by_role("link", name="Use a passkey").click()
    page.wait_for_url(re.compile("/flags$"))  # the device answered as soon as the page asked
    page.get_by_role("button", name="Sign out").first.click()

    by_password(page, base, login)
    page.get_by_role("link", name="Use my passkey").click()
    page.wait_for_url(re.compile("/caseload$"))
    page.get_by_role("button", name="Sign out").first.click()

    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    by_password(page, base, login)
    page.get_by_text("I do not have my passkey").click()
    page.get_by_label("One of your recovery codes").fill(code)
    page.get_by_role("button", name="Use this code").click()
    page.wait_for_url(re.compile("/caseload$"))
    page.goto(f"{base}/my-account")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey was removed")).to_be_visible()
    assert complaints == [], "the strict policy is kept and the script is whole"
    context.close()


def test_an_address_that_passkeys_do_not_know_is_told_and_led_on(
    served: Served, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.base}/sign-in/passkey")
    here = served.base.replace("127.0.0.1", "localhost") + "/sign-in/passkey"
    expect(page.get_by_role("status")).to_contain_text("work at one address alone")
    expect(page.get_by_role("link", name=here)).to_be_visible()
    context.close()


def test_without_scripts_every_other_way_in_stands_there(served: Served, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served.base}/sign-in")
    page.get_by_role("link", name="Use a passkey").click()
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    page.get_by_role("link", name="Another way to sign in").click()
    expect(page.get_by_label("Password")).to_be_visible()
    context.close()
