// What one person writes, keeps and looks at in a browser is theirs: nobody who signs in after them finds it, and they lose none of it.
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handInAgain } from "./api";
import { guardedAfter, type Guarded } from "./guarded";
import { browse, open, ROOT } from "./program";

const PROVINCE = "jurisdictions/230000";
const CITY = "jurisdictions/230100";
const YEAR = 2023;

let browser: Browser;
let server: Guarded;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), guardedAfter((province) => handInAgain(province, YEAR, 5), 160, `${YEAR - 1}..${YEAR}`)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function signIn(page: Page, name: string, token: string) {
  await page.getByLabel("访问令牌").fill(token);
  await page.getByRole("button", { name: "登录" }).click();
  await page.locator("[data-test=who]").getByText(name).waitFor();
}
const signOut = async (page: Page) => {
  await page.getByRole("button", { name: "退出登录" }).click();
  await page.locator("[data-test=sign-in]").waitFor();
};
const comment = (page: Page) => page.locator("[data-test=review]").getByRole("textbox", { name: /审核意见/ });

test("another reviewer finds neither phrases, tables, comments nor the place of the one before, who finds them all again", async () => {
  const first = await server.admit("first", `reviewer ${PROVINCE}`);
  const { page, complaints } = await open(browser, server, `/table?year=${YEAR}&scope=${CITY}`);
  await signIn(page, "first", first);
  await page.getByPlaceholder("名称").fill("我的表");
  await page.getByRole("button", { name: "以此名称保存在本浏览器" }).click();
  await page.getByRole("button", { name: "我的表", exact: true }).waitFor();
  await page.goto(`${server.url}/#/queue?year=${YEAR}&scope=${PROVINCE}`);
  await comment(page).fill("请逐项核对后再报。");
  await page.getByRole("button", { name: "存为常用语" }).click();
  await page.locator(".phrase", { hasText: "请逐项核对后再报。" }).waitFor();
  await page.goto(`${server.url}/#/queue?year=${YEAR - 1}&scope=${PROVINCE}`);
  await signOut(page);
  await signIn(page, "second", await server.admit("second", `reviewer ${CITY}`));
  await page.waitForURL((url) => url.hash.startsWith("#/queue") && url.hash.includes(CITY) && url.hash.includes(`year=${YEAR}`));
  await signOut(page);
  await signIn(page, "third", await server.admit("third", `reviewer ${PROVINCE}`));
  await comment(page).waitFor();
  expect(await comment(page).inputValue()).toBe("");
  expect(await page.locator(".phrase", { hasText: "请逐项核对后再报。" }).count()).toBe(0);
  await page.getByRole("link", { name: "自定义表" }).click();
  await page.getByRole("heading", { name: "已保存的表" }).waitFor();
  expect(await page.getByRole("button", { name: "我的表", exact: true }).count()).toBe(0);
  await signOut(page);
  await signIn(page, "first", first);
  await expect.poll(() => comment(page).inputValue()).toBe("请逐项核对后再报。");
  await page.locator(".phrase", { hasText: "请逐项核对后再报。" }).waitFor();
  await page.getByRole("link", { name: "自定义表" }).click();
  await page.getByRole("button", { name: "我的表", exact: true }).waitFor();
  expect(complaints.filter((one) => !/status of 401/.test(one))).toEqual([]);
  await page.context().close();
});

test("who signs in after another begins with what they do, not with a page that is not theirs", async () => {
  const { page } = await open(browser, server, "/");
  await signIn(page, "before", await server.admit("before", `reviewer ${PROVINCE}`));
  await page.waitForURL((url) => url.hash.startsWith("#/queue"));
  await signOut(page);
  await signIn(page, "clerk", await server.admit("clerk", `submitter ${server.guest}`));
  await page.waitForURL((url) => url.hash.startsWith("#/mine"));
  await page.locator(`[data-owed="${YEAR}"]`).waitFor();
  expect(await page.getByText("您没有查看本页的权限").count()).toBe(0);
  // Of one agency there is nothing to choose.
  await page.getByRole("link", { name: "报告", exact: true }).click();
  await page.getByText(/年度尚未报送/).waitFor();
  expect(await page.getByRole("searchbox", { name: "查找单位" }).count()).toBe(0);
  await page.context().close();
});

test("a comment stays with its report while another is looked at, and over a reload", async () => {
  const { page } = await open(browser, server, `/queue?year=${YEAR}&scope=${PROVINCE}`);
  await signIn(page, "careful", await server.admit("careful", `reviewer ${PROVINCE}`));
  const title = page.locator(".open-report > h2");
  const owner = await title.innerText();
  await comment(page).fill("数字有误");
  await page.getByRole("button", { name: /下一份/ }).click();
  await expect.poll(() => title.innerText()).not.toBe(owner);
  await expect.poll(() => comment(page).inputValue()).toBe("");
  await page.getByRole("button", { name: /上一份/ }).click();
  await expect.poll(() => title.innerText()).toBe(owner);
  await expect.poll(() => comment(page).inputValue()).toBe("数字有误");
  await page.reload();
  await expect.poll(() => comment(page).inputValue()).toBe("数字有误");
  // What was sent is not offered again.
  await page.locator("[data-test=review]").getByRole("button", { name: "退回修改" }).click();
  await expect.poll(() => title.innerText()).not.toBe(owner);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("huizong.remarks careful")))).toEqual([]);
  await page.context().close();
});

test("a session that ends under an open dialog lets one sign in, and the dialog comes back with what was typed, for whom it was typed", async () => {
  const token = await server.admit("coordinator", `reviewer ${PROVINCE}`);
  const { page } = await open(browser, server, `/progress?year=${YEAR}&scope=${PROVINCE}`);
  await signIn(page, "coordinator", token);
  const grant = page.locator("[data-test=agencies] tbody").getByRole("button", { name: "准予延期" });
  await grant.first().click();
  const dialog = page.locator("[data-test=grant]");
  await dialog.getByLabel(/延至（/).fill("2099-12-31");
  await dialog.getByLabel(/原因/).fill("机构改革");
  await page.evaluate(() => fetch("/session", { method: "DELETE", headers: { "x-huizong-session": "1" } }));
  await page.locator("[data-test=sign-in]").waitFor();
  await signIn(page, "coordinator", token);
  await dialog.waitFor();
  expect(await dialog.getByLabel(/原因/).inputValue()).toBe("机构改革");
  expect(await dialog.getByLabel(/延至（/).inputValue()).toBe("2099-12-31");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await grant.nth(1).click();
  await dialog.waitFor();
  expect(await dialog.getByLabel(/原因/).inputValue()).toBe("");
  await page.context().close();
});

test("deadlines that are being typed stay while an extension is granted", async () => {
  const { page } = await open(browser, server, `/collections?year=${YEAR}`);
  await signIn(page, "keeper", await server.admit("keeper", "system-administrator"));
  const lock = page.getByLabel("停止接收时间", { exact: true });
  await lock.fill("2098-01-31");
  await page.getByRole("searchbox", { name: "查找单位" }).fill("公安局");
  await page.getByRole("button", { name: "查找" }).click();
  await page.locator("[data-test=found] button").first().click();
  const dialog = page.locator("[data-test=grant]");
  await dialog.getByLabel(/延至（/).fill("2097-12-31");
  await dialog.getByLabel(/原因/).fill("机构改革");
  await dialog.getByRole("button", { name: "准予延期" }).click();
  await page.locator("[data-test=exceptions]").getByText("2097-12-31 24:00").first().waitFor();
  expect(await lock.inputValue()).toBe("2098-01-31");
  await page.context().close();
});

test("a receipt is shown with its chain hash to whoever was given it, and not to another clerk of the agency in the same browser", async () => {
  const first = await server.admit("first-clerk", `submitter ${server.guest}`);
  const { page } = await open(browser, server, `/submit?year=${YEAR}&owner=${server.guest}`);
  await signIn(page, "first-clerk", first);
  await page.goto(`${server.url}/#/submit?year=${YEAR}&owner=${server.guest}`);
  await page.locator("input[type=file]").setInputFiles(path.join(ROOT, "tests/fixtures/documents/district.md"));
  await page.locator("[data-test=suggestions]").getByText(/11/).first().waitFor();
  for (const [cell, figure] of [["disputes.reconsideration.total", "11"], ["disputes.litigation_after_reconsideration.total", "5"]]) await page.locator(`[data-cell="${cell}"] input`).fill(figure!);
  await page.locator("[data-test=submit]").click();
  await page.getByText("WARNINGS_UNANSWERED").waitFor();
  for (const answer of await page.locator(".findings textarea").all()) await answer.fill("已逐项核对，数字无误");
  await page.locator("[data-test=submit]").click();
  await page.locator("[data-test=submit-now]").click();
  const receipt = page.locator("[data-test=receipt]");
  await receipt.waitFor();
  const hashes = receipt.locator("dd > code");
  const given = await hashes.allInnerTexts();
  expect(given.filter((text) => /^[0-9a-f]{64}$/.test(text)).length).toBeGreaterThan(1);
  const address = page.url();
  await signOut(page);
  await signIn(page, "second-clerk", await server.admit("second-clerk", `submitter ${server.guest}`));
  await page.goto(address);
  await receipt.getByText("本浏览器没有保存").waitFor();
  expect(await hashes.allInnerTexts()).not.toEqual(given);
  await signOut(page);
  await signIn(page, "first-clerk", first);
  await page.goto(address);
  await expect.poll(() => hashes.allInnerTexts()).toEqual(given);
  await page.context().close();
});
