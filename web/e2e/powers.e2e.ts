// Accounts and roles, kept by security administrators; and what each role sees first.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { guarded, type Guarded } from "./guarded";
import { browse, command, open } from "./program";

const PROVINCE = "jurisdictions/230000";
const CITY = "jurisdictions/230100";
const YEAR = 2023;

let browser: Browser;
let server: Guarded;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), guarded(160, `${YEAR - 1}..${YEAR}`)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function signIn(page: Page, token: string) {
  await page.getByLabel("访问令牌").fill(token);
  await page.getByRole("button", { name: "登录" }).click();
  await page.locator("[data-test=who]").waitFor();
}
const faults = (complaints: string[]) => complaints.filter((one) => !/status of (401|429)/.test(one));

test("everybody begins with what they do, and is offered nothing that is refused", async () => {
  const cases = [
    ["clerk", `submitter ${server.guest}`, "/mine", ["我的填报", "报告", "审核规则"]],
    ["reviewer", `reviewer ${CITY}`, "/queue", ["待审核", "报送进度", "报告", "报送任务", "总览", "自定义表", "汇总表", "数据比对", "审核规则", "单位名录"]],
    ["leader", `viewer ${PROVINCE}`, "/overview", ["报送进度", "报告", "报送任务", "总览", "自定义表", "汇总表", "数据比对", "审核规则", "单位名录"]],
    ["keeper", "system-administrator", "/registry", ["报送任务", "审核规则", "单位名录", "账号与角色", "系统状态"]],
    ["auditor", "auditor", "/journal", ["审核规则", "账号与角色", "操作日志", "系统状态"]],
  ] as const;
  for (const [name, role, first, offered] of cases) {
    const { page, complaints } = await open(browser, server, "/");
    await signIn(page, await server.admit(name, role));
    await page.waitForURL((url) => url.hash.startsWith(`#${first}`));
    await page.locator("h1").first().waitFor();
    // Beside the queue stands how many wait.
    expect((await page.locator("#menu a").allInnerTexts()).map((text) => text.replace(/\s*\d[\s\S]*$/, "")), name).toEqual([...offered]);
    await expect.poll(() => page.getByText(/^正在加载/).count()).toBe(0);
    expect(await page.locator(".notice").count(), name).toBe(0);
    await expectAccessible(page, name);
    expect(faults(complaints), name).toEqual([]);
    await page.context().close();
  }
});

test("a security administrator makes an account, gives it a role for a place, hands over a code, and takes the role again", async () => {
  const { page, complaints } = await open(browser, server, "/");
  await signIn(page, server.token ?? "");
  await page.waitForURL((url) => url.hash.startsWith("#/people"));
  await page.getByLabel(/新账号/).fill("li-si");
  await page.getByRole("button", { name: "新建" }).click();
  const account = page.locator("[data-test=account]");
  await account.locator("form select").selectOption({ label: "审核员" });
  await account.getByLabel("管辖范围").fill("哈尔滨市");
  await account.getByRole("button", { name: "查找" }).click();
  await account.locator(".found").getByRole("button", { name: "哈尔滨市", exact: true }).first().click();
  await account.getByRole("button", { name: "授予角色" }).click();
  await account.getByText("已授予").waitFor();
  await account.locator("li", { hasText: "审核员" }).getByText("哈尔滨市").waitFor();
  await account.getByRole("button", { name: "签发登记码" }).click();
  const code = await account.locator("[data-test=code]").innerText();
  await expectAccessible(page, "an account");
  const token = (await command(server, "credential", "exchange", code)).trim();
  const other = await open(browser, server, "/");
  await signIn(other.page, token);
  await other.page.waitForURL((url) => url.hash.startsWith("#/queue"));
  await other.page.context().close();
  page.once("dialog", (dialog) => void dialog.accept());
  await account.locator("li", { hasText: "审核员" }).getByRole("button", { name: "收回" }).click();
  await account.getByText("已收回").waitFor();
  expect(await account.locator("li", { hasText: "审核员" }).count()).toBe(0);
  // What the service refuses is said as such: nobody changes their own roles.
  await page.locator("[data-test=people]").getByRole("button", { name: /chief/ }).click();
  await account.locator("form select").selectOption({ label: "审计管理员" });
  await account.getByRole("button", { name: "授予角色" }).click();
  await account.getByRole("alert").waitFor();
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});

test("the journal tells an auditor in words what happened to whom, in both languages, and finds it by a name and an action of a list", async () => {
  await command(server, "rollup", PROVINCE, "--year", String(YEAR)).catch(() => undefined);
  const officer = await server.admit("wang-wu", `reviewer ${CITY}`);
  // Refused: it reaches beyond their place.
  await command({ ...server, token: officer }, "rollup", PROVINCE, "--year", String(YEAR)).catch(() => undefined);
  await command({ ...server, token: officer }, "report", "list", "--year", String(YEAR), "--parent", server.guest).catch(() => undefined);
  const { page, complaints } = await open(browser, server, "/");
  await signIn(page, await server.admit("auditor-in-words", "auditor"));
  const rows = page.locator("[data-test=journal] tbody tr");
  await rows.filter({ hasText: "账号wang-wu" }).first().waitFor();
  const granted = rows.filter({ hasText: "授予角色" }).filter({ hasText: "账号wang-wu" }).first();
  expect(await granted.innerText()).toMatch(/账号wang-wu[\s\S]*已执行[\s\S]*审核员：哈尔滨市/);
  const machine = /agencies\/|jurisdictions\/|principals\/|credentials\/|sessions\/|\{"|[A-Z]{4,}_[A-Z]+|\b[a-z]+\.[a-z_]+\b/;
  // What people are told, without their addresses; settings are called what they are in the file of settings.
  const told = async () => (await rows.evaluateAll((rows) => rows.map((row) => [3, 4, 6].map((at) => (row as HTMLTableRowElement).cells[at]?.innerText ?? "").join(" | ")))).filter((text) => machine.test(text) && !/^(设置变更|settings changed)/.test(text));
  expect(await told()).toEqual([]);
  // Before somebody is known the page asks for nothing that can only be refused.
  expect(await rows.filter({ hasText: "未登录" }).filter({ hasText: "列出地区" }).count()).toBe(0);
  await page.getByRole("button", { name: "English" }).click();
  await rows.filter({ hasText: "account wang-wu" }).first().waitFor();
  expect(await told()).toEqual([]);
  await page.getByRole("button", { name: "中文" }).click();
  await page.getByRole("combobox", { name: "操作", exact: true }).selectOption({ label: "授予角色" });
  await page.getByLabel("单位或地区").fill("哈尔滨市");
  await page.getByRole("button", { name: "查询", exact: true }).click();
  await expect.poll(() => new URL(page.url()).hash).toContain("jurisdictions/230100");
  await rows.filter({ hasText: "账号wang-wu" }).first().waitFor();
  const found = await rows.evaluateAll((rows) => rows.map((row) => (row as HTMLTableRowElement).cells[3]?.innerText));
  expect(new Set(found)).toEqual(new Set(["授予角色"]));
  expect(await page.getByLabel("单位或地区").inputValue()).toBe("哈尔滨市");
  // About one account alone, and everything of one entry.
  await rows.getByRole("button", { name: "账号wang-wu" }).first().click();
  await page.locator("[data-test=about]").getByText("账号wang-wu").waitFor();
  await rows.first().getByRole("button").first().click();
  await page.locator("[data-test=entry]").getByText("access.grant").waitFor();
  await expectAccessible(page, "an entry in words");
  expect(faults(complaints)).toEqual([]);
  await page.context().close();
});
