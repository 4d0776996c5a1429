// Lists that are too long to be drawn: what is to be seen is drawn, all of it can be reached, and all of it is on paper.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { handInAgain } from "./api";
import { browse, demo, open, rollup, type Server } from "./program";

const PROVINCE = "jurisdictions/230000";
const YEAR = 2023;
const WAITING = 230;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), demo(420, `${YEAR - 1}..${YEAR}`)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("a long table is reached from its first row to its last, sorted as a whole, and whole on paper", async () => {
  const { page, complaints } = await open(browser, server, `/progress?year=${YEAR}`);
  const table = page.locator("[data-test=agencies]");
  const rows = table.locator("tbody tr[data-index]");
  await rows.first().waitFor();
  const count = Number(await page.locator("[data-test=listed]").getAttribute("data-count"));
  expect(count).toBeGreaterThan(300);
  expect(await rows.count()).toBeLessThan(100);
  expect(await table.getAttribute("aria-rowcount")).toBe(String(count + 1));
  await expectAccessible(page, "a long table");
  const scroll = (to: "top" | "end") => table.locator("xpath=..").evaluate((window, to) => (window.scrollTop = to === "end" ? window.scrollHeight : 0), to);
  const seen = new Set<string>();
  const look = async () => (await rows.locator("th").allInnerTexts()).forEach((name) => seen.add(name));
  await look();
  for (let at = 0; seen.size < count && at < 200; at += 1) {
    await table.locator("xpath=..").evaluate((window) => (window.scrollTop += window.clientHeight));
    await page.waitForTimeout(30);
    await look();
  }
  await expect.poll(() => rows.last().getAttribute("aria-rowindex")).toBe(String(count + 1));
  // Names may stand twice, in different places.
  expect(seen.size).toBeGreaterThan(count * 0.9);
  // The heads stay where they are, and sort all rows, not those that are drawn.
  const head = table.getByRole("button", { name: "单位" });
  expect(await head.isVisible()).toBe(true);
  await head.click();
  await scroll("top");
  await expect.poll(() => rows.first().getAttribute("data-index")).toBe("0");
  const last = await rows.first().locator("th").innerText();
  await head.click();
  await scroll("end");
  await expect.poll(() => rows.last().locator("th").innerText()).toBe(last);
  // The keyboard goes on beyond what is drawn.
  await scroll("top");
  await expect.poll(() => rows.first().getAttribute("data-index")).toBe("0");
  await rows.first().getByRole("button").first().focus();
  for (let at = 0; at < 120; at += 1) await page.keyboard.press("Tab");
  const reached = Number(await page.evaluate(() => document.activeElement?.closest("tr")?.dataset.index));
  expect(reached).toBeGreaterThanOrEqual(60);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => globalThis.dispatchEvent(new Event("beforeprint")));
  await expect.poll(() => table.locator("tbody tr").count()).toBe(count);
  await page.evaluate(() => globalThis.dispatchEvent(new Event("afterprint")));
  await expect.poll(() => rows.count()).toBeLessThan(100);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("keys go through a long queue, and its tools act on all of it", async () => {
  await handInAgain(server, YEAR, WAITING);
  const { page, complaints } = await open(browser, server, `/queue?year=${YEAR}`);
  const queue = page.locator("[data-test=queue]");
  await expect.poll(async () => Number(await queue.getAttribute("data-count"))).toBeGreaterThanOrEqual(WAITING);
  const count = Number(await queue.getAttribute("data-count"));
  expect(await queue.locator("li").count()).toBeLessThan(100);
  await page.locator(".open-report > h2").click();
  for (let at = 0; at < 60; at += 1) await page.keyboard.press("j");
  const current = queue.locator("li[aria-current=true]");
  await expect.poll(() => current.getAttribute("data-index")).toBe("60");
  expect(await current.isVisible()).toBe(true);
  await expectAccessible(page, "a long queue");
  await page.getByLabel("全选所列").check();
  await page.getByRole("button", { name: `通过所选${count}份` }).waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a table of one's own has all agencies, and adds up to its total", async () => {
  const { page, complaints } = await open(browser, server, `/table?year=${YEAR}&lines=requests.received.total&rows=agency&columns=measure&from=${YEAR}&to=${YEAR}`);
  const answer = await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency");
  await page.locator("[data-test=rows]").getByText(`共${answer.rows.length}行`).waitFor();
  const table = page.locator("[data-test=pivot]");
  expect(await table.locator("tbody tr").count()).toBeLessThan(100);
  await page.evaluate(() => globalThis.dispatchEvent(new Event("beforeprint")));
  await expect.poll(() => table.locator("tbody tr").count()).toBe(answer.rows.length);
  const cells = await table.locator("tbody td").allInnerTexts();
  expect(cells.reduce((sum, text) => sum + BigInt(text.replaceAll(",", "") || 0), 0n)).toBe(BigInt(answer.totals[0]!.count));
  expect(complaints).toEqual([]);
  await page.context().close();
});
