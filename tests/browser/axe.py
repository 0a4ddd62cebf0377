"""What axe finds in a page (WCAG 2.2 AA and its own best practice), by all its rules or by one."""

from collections.abc import Iterator, Mapping

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
EVERY_RULE = {"runOnly": {"type": "tag", "values": STANDARDS}, "resultTypes": ["violations"]}
# All that a brand or a colour scheme can break of what axe sees.
CONTRAST = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
RUN = "options => axe.run(options).then(results => results.violations)"


def violations(page: Page, rules: Mapping[str, object] = EVERY_RULE) -> Iterator[str]:
    """Yield what axe finds, and where."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE_SCRIPT)
    for found in page.evaluate(RUN, rules):
        targets = [", ".join(map(str, node["target"])) for node in found["nodes"]]
        yield f"{found['id']}: {'; '.join(targets)}"
