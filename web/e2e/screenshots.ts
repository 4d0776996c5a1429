import path from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { browse, demo, open, ROOT } from "./program";

const YEAR = 2023;
const IMAGES = path.join(ROOT, "docs/images");
const DOCUMENT = path.join(ROOT, "tests/fixtures/documents/district.md");

/** What is shown of a page before its picture is taken. */
const SHOTS: [name: string, view: (guest: string) => string, prepare?: (page: Page) => Promise<void>][] = [
  ["overview", () => `/overview?year=${YEAR}`],
  ["form", () => `/form?year=${YEAR}`, (page) => page.locator('[data-cell="requests.received.total"] button').click()],
  ["submit", (guest) => `/submit?year=${YEAR}&owner=agencies/${guest}`, async (page) => {
    await page.locator("input[type=file]").setInputFiles(DOCUMENT);
    await page.locator("[data-test=suggestions]").scrollIntoViewIfNeeded();
  }],
];

test("the pictures are those of the program", async () => {
  const [browser, server] = await Promise.all([browse(), demo(1200, `${YEAR - 2}..${YEAR}`)]);
  const guest = /--agency (\S+)/.exec(server.text)?.[1] ?? "";
  for (const [ending, language] of [["", undefined], [".en", "English"]] as const) {
    for (const [name, view, prepare] of SHOTS) {
      const { page, complaints } = await open(browser, server, view(guest), { viewport: { width: 1440, height: 900 } });
      if (language) await page.getByRole("button", { name: language }).click();
      await page.locator("h1").waitFor();
      await prepare?.(page);
      await expect.poll(() => page.getByText(/^(正在加载|Loading)/).count(), { timeout: 30_000 }).toBe(0);
      // Charts are drawn by moving.
      await page.waitForTimeout(1500);
      await page.screenshot({ path: path.join(IMAGES, `${name}${ending}.png`) });
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  }
  await browser.close();
  await server.stop();
});
