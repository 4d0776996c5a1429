// Whom to ask at an agency, reminding all that are missing, what puts the registry right, and two years beside each other.
import { writeFileSync } from "node:fs";
import { createServer, type Server as Receiver } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { browse, command, demo, folder, open, run, serve, type Server } from "./program";

const PROVINCE = "jurisdictions/230000";
const YEAR = 2023;

interface Posted {
  agency: string;
  subject: string;
  text: string;
  people: { name: string; telephone: string }[];
}
let browser: Browser;
let server: Server;
let receiver: Receiver;
const posted: Posted[] = [];
const kept = folder();

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => (posted.push(JSON.parse(body) as Posted), response.writeHead(204).end()));
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const data = path.join(kept.path, "data");
  const [started] = await Promise.all([demo(160, `${YEAR - 1}..${YEAR}`, data), browse().then((one) => (browser = one))]);
  await started.stop();
  const config = path.join(kept.path, "config.toml");
  writeFileSync(config, `[reminders]\nwebhook = "http://127.0.0.1:${(receiver.address() as AddressInfo).port}/remind"\n`);
  server = await serve(data, "127.0.0.1:0", "--config", config);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  receiver?.close();
  kept.remove();
});

interface Listed {
  reminders: { agency: string; displayName: string; lastOutcome?: string }[];
}
const listed = async () => ((await run(server, "remind", "list", PROVINCE, "--year", String(YEAR))) as Listed).reminders;

test("contacts are kept with an agency, and all that are missing are reminded in four clicks at most", async () => {
  const [first, second] = await listed();
  const { page, complaints } = await open(browser, server, `/registry?entry=${first!.agency}`);
  const card = page.locator("[data-test=contacts]");
  await card.getByRole("button", { name: "修改联系人" }).click();
  await card.getByLabel("姓名").fill("张三丰");
  await card.getByLabel("电话", { exact: true }).fill("电话");
  await card.getByRole("button", { name: "保存联系人" }).click();
  await card.getByRole("alert").getByText("不是电话号码").waitFor();
  await card.getByLabel("电话", { exact: true }).fill("0451-82630000");
  await card.getByRole("button", { name: "保存联系人" }).click();
  await card.getByText("联系人已保存").waitFor();
  await card.locator("td", { hasText: "0451-82630000" }).waitFor();
  await expectAccessible(page, "contacts");
  await command(server, "contacts", "set", second!.agency, "--person", "李四光;科长;0451-82631111;");

  await page.goto(`${server.url}/#/progress?year=${YEAR}`);
  await page.evaluate(() => document.addEventListener("click", (event) => event.detail > 0 && ((globalThis as unknown as { clicks: number }).clicks = ((globalThis as unknown as { clicks?: number }).clicks ?? 0) + 1), { capture: true }));
  await page.locator("[data-test=remind-open]").click();
  const dialog = page.locator("[data-test=remind]");
  await dialog.locator("[data-test=remind-count]").getByText("将提醒2家").waitFor();
  await dialog.getByText("尚未报送").first().waitFor();
  await expectAccessible(page, "reminding");
  expect(posted).toEqual([]);
  await dialog.locator("[data-test=remind-send]").click();
  await dialog.locator("[data-test=reminded]").getByText("已发出2条").waitFor();
  expect(await page.evaluate(() => (globalThis as unknown as { clicks: number }).clicks)).toBeLessThanOrEqual(4);
  expect(posted.map(({ agency }) => agency).sort()).toEqual([first!.agency, second!.agency].sort());
  expect(posted.find(({ agency }) => agency === first!.agency)?.people[0]).toMatchObject({ name: "张三丰", telephone: "0451-82630000" });
  expect((await listed()).filter((one) => one.lastOutcome === "REMINDER_OUTCOME_SENT").length).toBe(2);
  // A second time on the same day there is nobody.
  await dialog.getByRole("button", { name: "关闭" }).click();
  await page.locator("[data-test=remind-open]").click();
  await dialog.getByText("没有可以提醒的单位").waitFor();
  // Another text is looked at before it is sent.
  await dialog.getByLabel("内容").fill("{姓名}");
  await dialog.locator("[data-test=remind-send]").click();
  await dialog.getByRole("alert").getByText("没有占位符").waitFor();
  expect(posted.length).toBe(2);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a wrong place is put right after its sums are shown, and what was voided by mistake comes back", async () => {
  await command(server, "registry", "show", PROVINCE);
  const { agencies } = (await run(server, "coverage", PROVINCE, "--year", String(YEAR), "--missing")) as { agencies: { name: string; displayName: string; jurisdiction: string }[] };
  const agency = agencies.find(({ jurisdiction }) => jurisdiction !== PROVINCE)!;
  const { page, complaints } = await open(browser, server, `/registry?entry=${agency.name}`);
  const change = page.locator("[data-test=change]");
  await change.getByLabel("更正", { exact: true }).check();
  await change.getByLabel("名称").fill("正名局");
  await change.getByLabel("上级地区").fill("黑龙江省");
  await change.getByRole("button", { name: "查找" }).click();
  await change.getByRole("button", { name: "黑龙江省", exact: true }).first().click();
  await change.getByLabel("起始年度").fill(String(YEAR));
  await change.getByLabel(/原因/).fill("登记有误");
  await change.getByRole("button", { name: "预览" }).click();
  await change.locator("[data-test=sum-changes]").getByText("→").first().waitFor();
  await expectAccessible(page, "a correction");
  await page.locator("[data-test=apply]").click();
  await page.locator("[data-test=entry]").getByText("正名局").first().waitFor();
  const file = path.join(kept.path, "twice.csv");
  writeFileSync(file, `type,code,parent,name,level,kind,first_year\nagency,twice-registered,${PROVINCE.slice(14)},重登局,,department,${YEAR}\n`);
  await command(server, "registry", "import", file);
  await page.goto(`${server.url}/#/registry?entry=agencies/twice-registered`);
  await change.getByLabel("作废", { exact: true }).check();
  await change.getByLabel(/原因/).fill("误登");
  await change.getByRole("button", { name: "预览" }).click();
  await page.locator("[data-test=apply]").click();
  await page.locator("[data-test=entry]").getByText("误登，已作废").waitFor();
  await change.getByLabel("恢复（误作废）").check();
  await change.getByLabel(/原因/).fill("误作废");
  await change.getByRole("button", { name: "预览" }).click();
  await page.locator("[data-test=apply]").click();
  await page.locator("[data-test=applied]").waitFor();
  await expect.poll(() => page.locator("[data-test=entry]").getByText("误登，已作废").count()).toBe(0);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a report is set beside that of another year, in figures and sentences", async () => {
  const { reports } = (await run(server, "report", "list", "--year", String(YEAR - 1))) as { reports: { name: string }[] };
  const now = (await run(server, "report", "list", "--year", String(YEAR))) as { reports: { name: string }[] };
  const owners = new Set(reports.map(({ name }) => name.split("/reports/")[0]));
  const owner = now.reports.map(({ name }) => name.split("/reports/")[0]!).find((one) => owners.has(one))!;
  const { page, complaints } = await open(browser, server, `/report?owner=${owner}&year=${YEAR}`);
  const card = page.locator("[data-test=contrast]");
  await card.getByText("两年对比").click();
  const expected = (await run(server, "report", "compare", `${owner}/reports/${YEAR - 1}`, `${owner}/reports/${YEAR}`)) as { cells: object[] };
  await card.locator("tbody tr").first().waitFor();
  expect(await card.locator("tbody tr").count()).toBe(expected.cells.length);
  await expectAccessible(page, "two years");
  await card.getByLabel("与哪个年度对比").fill("2010");
  await card.getByText("该年度没有报告").waitFor();
  expect(complaints.filter((one) => !/404/.test(one))).toEqual([]);
  await page.context().close();
});
