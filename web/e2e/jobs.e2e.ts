// How many clicks the jobs of a year take, from signing in on: each person, with the roles that they have.
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handInAgain } from "./api";
import { guardedAfter, type Guarded } from "./guarded";
import { browse, open, ROOT } from "./program";

const PROVINCE = "jurisdictions/230000";
const YEAR = 2023;
const WAITING = 24;
const DOCUMENT = path.join(ROOT, "tests/fixtures/documents/district.md");

let browser: Browser;
let server: Guarded;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), guardedAfter((province) => handInAgain(province, YEAR, WAITING), 160, `${YEAR - 1}..${YEAR}`)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Somebody who has signed in, and every click of theirs since, by what was clicked. */
async function signedIn(name: string, ...roles: string[]): Promise<{ page: Page; clicks: () => Promise<string[]>; complaints: string[] }> {
  const token = await server.admit(name, ...roles);
  const { page, complaints } = await open(browser, server, "/");
  await page.getByLabel("访问令牌").fill(token);
  await page.getByRole("button", { name: "登录" }).click();
  await page.locator("[data-test=who]").waitFor();
  await page.evaluate(() => {
    const clicked: string[] = ((globalThis as unknown as { clicked: string[] }).clicked = []);
    // A click on a label is told of its field once more, by the browser; that of a person has a button of the mouse.
    document.addEventListener("click", (event) => event.detail > 0 && clicked.push((event.target as HTMLElement).innerText || (event.target as HTMLElement).tagName), { capture: true });
  });
  return { page, complaints, clicks: () => page.evaluate(() => (globalThis as unknown as { clicked: string[] }).clicked) };
}
const faults = (complaints: string[]) => complaints.filter((one) => !/status of 401/.test(one));

test("a report is submitted from a document in five clicks at most", async () => {
  const { page, clicks, complaints } = await signedIn("clerk", `submitter ${server.guest}`);
  await page.locator(`[data-owed="${YEAR}"] [data-test=next-step]`).click();
  // Choosing the file is a click, too.
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.locator("input[type=file]").click()]);
  await chooser.setFiles(DOCUMENT);
  await page.locator("[data-test=suggestions]").getByText(/11/).first().waitFor();
  const cell = (name: string) => page.locator(`[data-cell="${name}"] input`);
  await cell("disputes.reconsideration.total").fill("11");
  await cell("disputes.litigation_after_reconsideration.total").fill("5");
  await page.locator("[data-test=submit]").click();
  await page.getByText("WARNINGS_UNANSWERED").waitFor();
  for (const answer of await page.locator(".findings textarea").all()) await answer.fill("已逐项核对，数字无误");
  await page.locator("[data-test=submit]").click();
  await page.locator("[data-test=submit-now]").click();
  await page.locator("[data-test=receipt]").waitFor();
  expect((await clicks()).length, (await clicks()).join(", ")).toBeLessThanOrEqual(5);
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});

test("a report is returned in four clicks at most, and twenty are accepted in four", async () => {
  const { page, clicks, complaints } = await signedIn("reviewer", `reviewer ${PROVINCE}`);
  const queue = page.locator("[data-test=queue]");
  const count = async () => Number(await queue.getAttribute("data-count"));
  await expect.poll(count).toBeGreaterThan(20);
  const before = await count();
  await page.locator("[data-test=review] .phrase").first().click();
  await page.locator("[data-test=review]").getByRole("button", { name: "退回修改" }).click();
  await expect.poll(count).toBe(before - 1);
  const returning = await clicks();
  expect(returning.length, returning.join(", ")).toBeLessThanOrEqual(4);
  await page.getByLabel("全选所列").click();
  await page.getByRole("button", { name: /通过所选/ }).click();
  await page.getByRole("button", { name: "确认" }).click();
  await page.locator("[data-test=accepted-many]").getByText(`已通过${before - 1}份`).waitFor();
  const accepting = (await clicks()).slice(returning.length);
  expect(accepting.length, accepting.join(", ")).toBeLessThanOrEqual(4);
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});

test("an agency is given more time in five clicks at most, and the list of all to be reminded is had in four", async () => {
  const { page, clicks, complaints } = await signedIn("coordinator", `reviewer ${PROVINCE}`);
  await page.getByRole("link", { name: "报送进度" }).click();
  await page.locator("[data-test=agencies] tbody").getByRole("button", { name: "准予延期" }).first().click();
  const dialog = page.locator("[data-test=grant]");
  await dialog.getByLabel(/延至（/).fill("2099-12-31");
  await dialog.getByLabel(/原因/).fill("机构改革，人员调整");
  await dialog.getByRole("button", { name: "准予延期" }).click();
  await page.locator("[data-test=exceptions]").getByText("2099-12-31 24:00").first().waitFor();
  const granting = await clicks();
  expect(granting.length, granting.join(", ")).toBeLessThanOrEqual(5);
  const [list] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "导出催报名单（XLSX）" }).click()]);
  expect(list.suggestedFilename()).toMatch(/催报名单\.xlsx$/);
  expect((await clicks()).length - granting.length + 1).toBeLessThanOrEqual(4);
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});
