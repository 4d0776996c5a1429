import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { guarded, type Guarded } from "./guarded";
import { browse, command, open, rollup } from "./program";

const PROVINCE = "jurisdictions/230000";
const CITY = "jurisdictions/230100";
const YEAR = 2023;
const FAILURES = 3;

let browser: Browser;
let server: Guarded;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), guarded(160, `${YEAR - 1}..${YEAR}`, `failures = ${FAILURES}`)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function signIn(page: Page, token: string) {
  await page.getByLabel("访问令牌").fill(token);
  await page.getByRole("button", { name: "登录" }).click();
}
/** Of what the browser complains: refusals of signing in are told by the network, too. */
const faults = (complaints: string[]) => complaints.filter((one) => !/status of (401|429)/.test(one));

test("a viewer signs in, sees the figures of its own city and no more, and signs out", async () => {
  const token = await server.admit("viewer", `viewer ${CITY}`);
  const { page, complaints } = await open(browser, server, `/?year=${YEAR}`);
  await page.locator("[data-test=sign-in]").waitFor();
  expect(await page.locator("[data-measure]").count()).toBe(0);
  await expectAccessible(page, "sign-in");
  await signIn(page, token);
  const shown = page.locator('[data-measure="requests.received"]');
  await shown.waitFor();
  const answer = await rollup({ ...server, token }, CITY, "--year", String(YEAR), "--measure", "received");
  expect(await shown.getAttribute("data-count")).toBe(answer.totals[0]?.count);
  expect(await page.locator("[data-test=who]").innerText()).toContain("viewer");
  // Neither the province above nor handing in is offered; an address that asks for the province is told why not.
  expect(await page.locator(".path li").count()).toBe(1);
  expect(await page.getByRole("link", { name: "填报" }).count()).toBe(0);
  await page.goto(`${server.url}/#/?year=${YEAR}&scope=${PROVINCE}`);
  await page.getByText("PERMISSION_DENIED").waitFor();
  await page.goto(`${server.url}/#/submit?year=${YEAR}`);
  await page.getByText("您没有查看本页的权限").waitFor();
  await page.getByRole("button", { name: "退出登录" }).click();
  await page.locator("[data-test=sign-in]").waitFor();
  expect(await page.locator("[data-test=who]").count()).toBe(0);
  await page.reload();
  await page.locator("[data-test=sign-in]").waitFor();
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});

test("a submitter fills in its own report, keeps it when the session ends, and opens no other's", async () => {
  const token = await server.admit("bureau", `submitter ${server.guest}`);
  const { page, complaints } = await open(browser, server, "/");
  await signIn(page, token);
  // Whoever reports for one agency begins with what it owes, and has nothing to choose.
  const owed = page.locator(`[data-owed="${YEAR}"]`);
  await owed.getByText("未报").waitFor();
  expect(await page.getByRole("heading", { level: 2 }).filter({ hasText: "年度" }).count()).toBe(0);
  await owed.locator("[data-test=next-step]").click();
  await page.locator("[data-test=agency]").waitFor();
  const cell = page.locator('[data-cell="requests.received.natural_person"] input');
  await cell.fill("17");
  // The session ends elsewhere; the next call asks to sign in again, and what was typed is still there.
  const other = await page.context().newPage();
  await other.goto(`${server.url}/#/rules`);
  await other.locator("[data-rule]").first().waitFor();
  await other.getByRole("button", { name: "退出登录" }).click();
  await other.locator("[data-test=sign-in]").waitFor();
  await page.locator("[data-test=check]").click();
  await page.locator("[data-test=sign-in]").waitFor();
  expect(await cell.isVisible()).toBe(false);
  await signIn(page, token);
  await cell.waitFor();
  expect(await cell.inputValue()).toBe("17");
  await page.locator("[data-test=check]").click();
  await page.getByText("REPORT_INVALID").waitFor();
  const agencies = JSON.parse(await command({ ...server, token: await server.admit("reader", `viewer ${PROVINCE}`) }, "--format", "json", "coverage", PROVINCE, "--year", String(YEAR), "--missing")) as { agencies: { name: string }[] };
  const another = agencies.agencies.find((agency) => agency.name !== server.guest)?.name ?? "agencies/none";
  await page.goto(`${server.url}/#/report?year=${YEAR}&owner=${another}`);
  await page.getByText("PERMISSION_DENIED").waitFor();
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});

test.each(["kept", "due"])("another who signs in after a session ended finds nothing of what was typed before, whose draft is %s", async (draft) => {
  const { page } = await open(browser, server, `/submit?year=${YEAR}&owner=${server.guest}`);
  await signIn(page, await server.admit(`first-${draft}`, `submitter ${server.guest}`));
  const cell = page.locator('[data-cell="requests.received.natural_person"] input');
  await cell.waitFor();
  if (draft === "due") {
    await page.evaluate(() => {
      const later = globalThis.setTimeout;
      globalThis.setTimeout = ((then: () => void, milliseconds?: number) => later(then, (milliseconds ?? 0) * 1000)) as typeof globalThis.setTimeout;
    });
    await cell.fill("17");
  } else {
    await cell.fill("17");
    await page.locator("[data-test=draft]").waitFor();
  }
  await page.evaluate(() => fetch("/session", { method: "DELETE", headers: { "x-huizong-session": "1" } }));
  await page.locator("[data-test=check]").click();
  await signIn(page, await server.admit(`second-${draft}`, `submitter ${server.guest}`));
  await page.locator("[data-test=who]").getByText(`second-${draft}`).waitFor();
  await page.locator(`[data-owed="${YEAR}"] [data-test=next-step]`).getByText("填报", { exact: true }).click();
  await cell.waitFor();
  await expect.poll(() => cell.inputValue()).toBe("");
  await page.context().close();
});

test("a page does nothing in the name of who signed in in another tab, and says so", async () => {
  const { page } = await open(browser, server, `/submit?year=${YEAR}&owner=${server.guest}`);
  await signIn(page, await server.admit("before", `submitter ${server.guest}`));
  const cell = page.locator('[data-cell="requests.received.natural_person"] input');
  await cell.fill("17");
  const other = await page.context().newPage();
  const token = await server.admit("since", `submitter ${server.guest}`);
  // In the other tab who was signed in signs out, and another signs in: both have the one cookie of the browser.
  await other.goto(`${server.url}/#/submit?year=${YEAR}&owner=${server.guest}`);
  await other.locator("[data-test=who]").getByText("before").waitFor();
  await other.getByRole("button", { name: "退出登录" }).click();
  await signIn(other, token);
  await other.locator("[data-test=who]").getByText("since").waitFor();
  // The page learns of it by itself, before anything is done on it.
  const told = page.locator("[data-test=caller-changed]");
  await told.waitFor();
  for (const name of ["before", "since"]) expect(await told.innerText()).toContain(name);
  expect(await cell.isVisible()).toBe(false);
  await expectAccessible(page, "caller changed");
  await page.locator("[data-test=go-on-as]").click();
  await page.locator("[data-test=who]").getByText("since").waitFor();
  expect(await cell.inputValue()).toBe("");
  await page.context().close();
});

test("a wrong token is told, in the reader's language, and too many are told to wait, but not who has a valid one", async () => {
  const { page, complaints } = await open(browser, server, "/");
  await signIn(page, "huizong_0000000000000000_00");
  await page.getByRole("alert").getByText("凭据无效").waitFor();
  expect(await page.getByLabel("访问令牌").inputValue()).toBe("");
  await page.getByRole("button", { name: "English" }).click();
  for (let failed = 1; failed <= FAILURES; failed += 1) {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => { answer = resolve; });
    await page.route("**/session", async (route) => { await answered; await route.continue(); }, { times: 1 });
    await page.getByLabel("Access token").fill("huizong_0000000000000000_00");
    await page.getByRole("button", { name: "Sign in" }).click();
    // While an attempt is under way nothing is told of the one before, and nothing can be typed that its answer would wipe.
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(await page.getByLabel("Access token").isEditable()).toBe(false);
    answer();
    await page.getByRole("alert").getByText(failed < FAILURES ? "not valid" : "too many from this address").waitFor();
  }
  await expectAccessible(page, "told to wait");
  await page.getByLabel("Access token").fill(await server.admit("patient", `viewer ${CITY}`));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("[data-test=who]").getByText("patient").waitFor();
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});

test("whoever was handed a code exchanges it on the page, and who comes after is told that a token was replaced", async () => {
  const code = await server.invite("newcomer", `viewer ${CITY}`);
  const { page, complaints } = await open(browser, server, `/?year=${YEAR}`);
  const exchange = async (text: string) => {
    await page.locator("[data-test=enrolment] summary").click();
    await page.getByLabel("一次性登记码").fill(text);
    await page.getByRole("button", { name: "换取令牌" }).click();
  };
  await exchange("0000-0000");
  await page.locator("[data-test=enrolment] [role=alert]").getByText(/(登记码|凭据)无效/).waitFor(); // others tried from this address before
  await page.getByLabel("一次性登记码").fill(code.toLowerCase());
  await page.getByRole("button", { name: "换取令牌" }).click();
  const token = await page.locator("[data-test=new-token]").inputValue();
  expect(token).toMatch(/^huizong_[0-9a-f]{16}_[0-9a-f]{64}$/);
  await expectAccessible(page, "a code that was exchanged");
  await page.locator("[data-test=sign-in-with-it]").click();
  await page.locator('[data-measure="requests.received"]').waitFor();
  expect(await page.locator("[data-test=replacement]").count()).toBe(0);
  await page.getByRole("button", { name: "退出登录" }).click();
  // Another code ends the token, which says so, and the next to come learns of it until they have seen it.
  const again = await server.invite("newcomer");
  await exchange(again);
  await page.locator("[data-test=enrolment]").getByText("您原有的令牌已失效").waitFor();
  await page.locator("[data-test=sign-in-with-it]").click();
  await page.locator("[data-test=replacement]").getByText("chief").waitFor();
  await page.locator("[data-test=replacement] button").click();
  await page.reload();
  await page.locator('[data-measure="requests.received"]').waitFor();
  expect(await page.locator("[data-test=replacement]").count()).toBe(0);
  await page.getByRole("button", { name: "退出登录" }).click();
  await signIn(page, token);
  await page.locator("[data-test=sign-in]").getByText("您的凭据已于").waitFor();
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});
