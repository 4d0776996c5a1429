// The reviewer's queue, the coordinator's progress and collections, and the administrators' pages.
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { handInAgain } from "./api";
import { browse, command, demo, open, ROOT, run, type Server } from "./program";

const PROVINCE = "jurisdictions/230000";
const YEAR = 2023;
const SLOW_MS = 1500;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), demo(160, `${YEAR - 1}..${YEAR}`)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

interface Coverage {
  coverage: Record<"expected" | "received" | "accepted" | "submitted" | "returned" | "late" | "missing", number>;
}
const coverage = async () => ((await run(server, "coverage", PROVINCE, "--year", String(YEAR))) as Coverage).coverage;
const waiting = (page: Page) => page.locator("[data-test=queue] ol > li");
const name = (page: Page) => page.getByRole("textbox", { name: "经办人" });

test("the queue has what waits, the oldest first; keys go on, accept, and return with a phrase and remarks", async () => {
  const { page, complaints } = await open(browser, server, `/queue?year=${YEAR}`);
  await name(page).fill("审核员");
  await handInAgain(server, YEAR, 3);
  const count = Number((await coverage()).submitted);
  expect(count).toBeGreaterThan(3);
  await expect.poll(() => waiting(page).count()).toBe(count);
  await page.reload();
  const beside = page.locator("[data-test=waiting]");
  await expect.poll(async () => parseInt(await beside.innerText(), 10)).toBe(count);
  const title = page.locator(".open-report > h2");
  await title.waitFor();
  await page.locator("[data-test=beside]").or(page.getByText("与上年各项数字完全相同")).or(page.getByText("该单位上年没有报告")).first().waitFor();
  await expectAccessible(page, "queue");
  await title.click();
  const first = await waiting(page).first().locator("strong").innerText();
  await expect.poll(() => title.innerText()).toContain(first);
  await page.keyboard.press("j");
  const second = await waiting(page).nth(1).locator("strong").innerText();
  await expect.poll(() => title.innerText()).toContain(second);
  await page.keyboard.press("k");
  await expect.poll(() => title.innerText()).toContain(first);
  await page.locator("[data-test=review]").getByRole("button", { name: "通过", exact: true }).waitFor();
  await page.keyboard.press("a");
  // What is done leaves the queue, and the next takes its place.
  await expect.poll(() => waiting(page).count()).toBe(count - 1);
  await expect.poll(async () => parseInt(await beside.innerText(), 10)).toBe(count - 1);
  await expect.poll(() => title.innerText()).toContain(second);
  await page.keyboard.press("r");
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("TEXTAREA");
  const panel = page.locator("[data-test=review]");
  expect(await panel.getByRole("button", { name: "退回修改" }).isDisabled()).toBe(true);
  await panel.locator(".phrase").first().click();
  const phrase = await panel.getByRole("textbox", { name: /审核意见/ }).inputValue();
  expect(phrase.length).toBeGreaterThan(5);
  await page.getByLabel("完整表格").check();
  await page.locator('[data-cell="requests.received.total"] button').click();
  await panel.locator("label", { hasText: "总计" }).locator("textarea").fill("请说明");
  await panel.getByRole("button", { name: "退回修改" }).click();
  await expect.poll(() => waiting(page).count()).toBe(count - 2);
  const returned = (await run(server, "report", "list", "--year", String(YEAR))) as { reports: { name: string; state: string; review?: { reason: string } }[] };
  expect(returned.reports.filter((one) => one.state === "REPORT_STATE_RETURNED").length).toBe(Number((await coverage()).returned));
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("many reports are accepted at once, after they are confirmed", async () => {
  const { page, complaints } = await open(browser, server, `/queue?year=${YEAR}`);
  await name(page).fill("审核员");
  await handInAgain(server, YEAR, 20);
  const { submitted, accepted } = await coverage();
  expect(Number(submitted)).toBeGreaterThanOrEqual(20);
  await expect.poll(() => waiting(page).count()).toBe(Number(submitted));
  await page.getByLabel("全选所列").check();
  await page.getByRole("button", { name: `通过所选${submitted}份` }).click();
  await page.getByText(`将以审核员的名义通过${submitted}份报告`).waitFor();
  await page.getByRole("button", { name: "确认" }).click();
  await page.locator("[data-test=accepted-many]").getByText(`已通过${submitted}份`).waitFor();
  await page.getByText("没有待审核的报告").waitFor();
  expect((await coverage()).submitted ?? 0).toBe(0);
  expect(Number((await coverage()).accepted)).toBeGreaterThanOrEqual(Number(accepted));
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("progress sorts places, lists whom to remind as the command line does, and grants more time", async () => {
  const { page, complaints } = await open(browser, server, `/progress?year=${YEAR}`);
  const shown = page.locator("[data-test=agencies] tbody tr");
  const missing = (await run(server, "coverage", PROVINCE, "--year", String(YEAR), "--missing")) as { agencies: { name: string; displayName: string }[] };
  const { expected: all, missing: count, returned, late, accepted } = await coverage();
  for (const [state, expected] of Object.entries({ missing: missing.agencies.length, returned: Number(returned), late: Number(late), accepted: Number(accepted), all: Number(all) })) {
    expect(expected, state).toBeGreaterThan(0);
    await page.getByLabel("筛选").selectOption(state);
    await expect.poll(() => page.locator("[data-test=listed]").getAttribute("data-count"), { message: state }).toBe(String(expected));
    expect(await shown.count()).toBe(expected);
  }
  expect(missing.agencies.length).toBe(Number(count));
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "导出催报名单（CSV）" }).click()]);
  const lines = (await readFile(await download.path(), "utf8")).trimEnd().split("\r\n");
  expect(lines[0]).toBe('\ufeff"单位代码","单位名称","区划代码","所属地区","年度","截止时间","状态"');
  expect(lines.slice(1).map((line) => line.split('"')[1]).sort()).toEqual(missing.agencies.map((agency) => agency.name.split("/")[1]).sort());
  // Places by how many are missing.
  const places = page.locator("[data-test=places] tbody tr");
  await page.locator("[data-test=places]").getByRole("button", { name: "未报" }).click();
  const sizes = (await places.locator("td:nth-child(8)").allInnerTexts()).map(Number);
  expect(sizes).toEqual([...sizes].sort((one, other) => other - one));
  expect(sizes.reduce((sum, one) => sum + one, 0)).toBe(Number(count));
  await page.locator("[data-test=deadlines]").getByText("各级截止时间").waitFor();
  // An extension, in four clicks and two fields.
  const agency = missing.agencies[0]!;
  await page.getByLabel("筛选").selectOption("missing");
  await page.locator("[data-test=agencies] tbody tr", { hasText: agency.displayName }).first().getByRole("button", { name: "准予延期" }).click();
  const dialog = page.locator("[data-test=grant]");
  await dialog.getByLabel(/延至（/).fill("2099-12-31");
  await dialog.getByLabel(/原因/).fill("机构改革，人员调整");
  await expectAccessible(page, "an extension");
  await dialog.getByRole("button", { name: "准予延期" }).click();
  const granted = page.locator("[data-test=exceptions] tbody tr", { hasText: agency.displayName });
  await granted.getByText("2099-12-31 24:00").first().waitFor();
  // Granted by mistake, it is taken back.
  page.once("dialog", (question) => void question.accept());
  await granted.getByRole("button", { name: "收回延期" }).click();
  await expect.poll(() => granted.count()).toBe(0);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("the collection of a year is opened and changed, and what was granted stays", async () => {
  const { page, complaints } = await open(browser, server, "/collections?year=2024");
  await page.locator("[data-test=collection-year]").waitFor();
  await page.goto(`${server.url}/#/collections?year=2024`);
  const form = page.locator("[data-test=collection]");
  await page.getByText("2024年度报送任务尚未启动").waitFor();
  await form.getByLabel("省级截止时间").fill("2099-01-31");
  await form.getByLabel("停止接收时间").fill("2099-03-31");
  await form.getByRole("button", { name: "启动2024年度报送任务" }).click();
  await page.locator("[data-test=deadlines]").getByText("2099-01-31 24:00").waitFor();
  const opened = (await run(server, "collection", "show", "2024")) as { collection?: { dueTimes: { dueTime: string }[] }; dueTimes?: { dueTime: string }[] };
  expect((opened.collection ?? opened).dueTimes?.[0]?.dueTime).toBe("2099-01-31T16:00:00Z");
  await form.getByLabel("县级截止时间").fill("2099-01-15");
  await form.getByRole("button", { name: "保存" }).click();
  await page.locator("[data-test=deadlines]").getByText("2099-01-15 24:00").waitFor();
  // A lock before a due time is refused by the service, in words.
  await form.getByLabel("停止接收时间").fill("2098-01-01");
  await form.getByRole("button", { name: "保存" }).click();
  await form.getByRole("alert").waitFor();
  await expectAccessible(page, "collections");
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("the registry is searched, changed after a preview, exported, and imported with faults beside their lines", async () => {
  const { page, complaints } = await open(browser, server, "/registry");
  const tree = page.locator("[data-test=tree]");
  await tree.getByText(/下级地区\d+个/).waitFor();
  await page.getByLabel("名称、曾用名或代码").fill("齐齐哈尔市");
  await page.getByRole("button", { name: "查找" }).click();
  await page.locator(".picker .found").getByRole("button", { name: "齐齐哈尔市", exact: true }).first().click();
  await page.locator("[data-test=entry]").getByText("230200").waitFor();
  const change = page.locator("[data-test=change]");
  await change.getByLabel("新建单位").check();
  await change.getByLabel("代码").fill("test-office");
  await change.getByLabel("名称").fill("测试办公室");
  await change.getByRole("button", { name: "预览" }).click();
  await page.locator("[data-test=preview]").getByText("将执行1项变更").waitFor();
  await page.locator("[data-test=apply]").click();
  await page.locator("[data-test=applied]").waitFor();
  await tree.getByRole("button", { name: "测试办公室" }).click();
  await page.locator("[data-test=entry]").getByText("test-office").waitFor();
  await change.getByLabel("更名").check();
  await change.getByLabel("名称").fill("测试中心");
  await change.getByLabel("起始年度").fill(String(new Date().getFullYear() + 1));
  await change.getByRole("button", { name: "预览" }).click();
  await page.locator("[data-test=apply]").click();
  await page.locator("[data-test=entry]").getByText("测试中心").first().waitFor();
  await page.locator("[data-test=entry]").getByText("测试办公室").waitFor();
  await expectAccessible(page, "registry");
  const files = page.locator("[data-test=registry-files]");
  const [download] = await Promise.all([page.waitForEvent("download"), files.getByRole("button", { name: "CSV", exact: true }).click()]);
  const text = await readFile(await download.path(), "utf8");
  expect(text).toContain("\nrename,agencies/test-office,");
  const file = page.locator("[data-test=registry-file]");
  await file.setInputFiles({ name: "名录.csv", mimeType: "text/csv", buffer: Buffer.from("类型,代码,上级,名称,类别,起始年度\n机构,test-two,230200,第二办公室,部门,\n机构,test-three,999999,第三办公室,部门,2024\n") });
  await page.locator("[data-test=import-faults]").getByText("第2行“起始年度”：为空；请填写").waitFor();
  await file.setInputFiles({ name: "名录.csv", mimeType: "text/csv", buffer: Buffer.from("类型,代码,上级,名称,类别,起始年度\n机构,test-two,230200,第二办公室,部门,2024\n机构,test-three,999999,第三办公室,部门,2024\n") });
  await page.locator("[data-test=import-faults]").getByText("第3行").waitFor();
  await file.setInputFiles({ name: "名录.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.getByText(/将执行0项变更/).waitFor();
  // Workbooks and contacts go the same way; what is told of a person in the file is seen at the agency.
  const [workbook] = await Promise.all([page.waitForEvent("download"), files.getByRole("button", { name: "XLSX", exact: true }).click()]);
  await file.setInputFiles({ name: "名录.xlsx", mimeType: "application/octet-stream", buffer: await readFile(await workbook.path()) });
  await page.getByText(/将执行0项变更/).waitFor();
  await file.setInputFiles({ name: "联系人.csv", mimeType: "text/csv", buffer: Buffer.from("类型,代码,上级,名称,级别,类别,起始年度,职务,电话,电子邮箱\n联系人,test-office,,张三丰,,,,科长,0451-1,a@example.com\n") });
  await page.getByText("联系人涉及1家单位").waitFor();
  await page.getByRole("button", { name: "确认执行" }).click();
  await page.locator("[data-test=imported]").waitFor();
  await page.locator("[data-test=contacts]").getByText("张三丰").waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("the status page verifies the whole store, and the journal shows, exports and links its entries", async () => {
  const { page, complaints } = await open(browser, server, "/status");
  await page.locator("[data-test=writable]").getByText("系统正常").waitFor();
  const conditions = page.locator("[data-test=conditions]");
  for (const [check, title] of [["disk_space", "磁盘空间"], ["clock", "系统时钟"], ["backups", "备份"]]) await conditions.locator(`[data-condition=${check}]`).getByText(title!).first().waitFor();
  await conditions.locator("[data-condition=reports]").getByText(`${YEAR}年度：应报`).waitFor();
  await expectAccessible(page, "conditions");
  await page.getByRole("button", { name: "核验全部数据" }).click();
  await page.locator("[data-test=verify]").getByText("未发现问题").waitFor();
  await page.getByRole("link", { name: "操作日志" }).click();
  const rows = page.locator("[data-test=journal] tbody tr");
  await rows.first().waitFor();
  await page.getByRole("button", { name: "核验所列记录的衔接" }).click();
  await page.locator("[data-test=links]").getByText("均一致").waitFor();
  await rows.first().getByRole("button").first().click();
  await page.locator("[data-test=entry]").getByText(/^[0-9a-f]{64}$/).first().waitFor();
  await expectAccessible(page, "an entry");
  await page.locator("[data-test=entry]").getByRole("button", { name: "关闭" }).click();
  await page.getByRole("combobox", { name: "操作", exact: true }).selectOption({ label: "报送任务：全部" });
  await page.getByRole("button", { name: "查询", exact: true }).click();
  await expect.poll(() => rows.count()).toBeLessThan(20);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "导出查询结果" }).click()]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
  expect(lines.length).toBe((await rows.count()) + 1);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("an outage is told, retried, and leaves no part of a list for the whole", async () => {
  const { page } = await open(browser, server, `/progress?year=${YEAR}`);
  const { expected } = await coverage();
  const listed = page.locator("[data-test=listed]");
  await expect.poll(() => listed.getAttribute("data-count")).toBe(String(expected));
  await page.context().setOffline(true);
  await page.locator(".place select").selectOption(String(YEAR - 1));
  await page.getByText("系统正在自动重试").first().waitFor();
  expect(await listed.count()).toBe(0);
  await page.context().setOffline(false);
  const before = ((await run(server, "coverage", PROVINCE, "--year", String(YEAR - 1))) as Coverage).coverage.expected;
  await expect.poll(() => listed.getAttribute("data-count")).toBe(String(before));
  await page.context().close();
});

test("a page whose parts do not come says so, and one that is slow to come is gone to all the same", async () => {
  const { page } = await open(browser, server, `/rules?year=${YEAR}`);
  await page.locator("[data-rule]").first().waitFor();
  await page.context().setOffline(true);
  await page.getByRole("link", { name: "操作日志" }).click();
  const missed = page.locator("[data-test=missed]");
  await missed.getByText("暂时无法连接服务").waitFor();
  // What was shown stays, and trying in vain changes nothing.
  expect(await page.locator("[data-rule]").count()).toBeGreaterThan(10);
  await missed.getByRole("button", { name: "重试" }).click();
  await missed.waitFor();
  await page.context().setOffline(false);
  await missed.getByRole("button", { name: "重试" }).click();
  await page.locator("[data-test=journal] tbody tr").first().waitFor();
  // Everything takes its time, and a link is clicked before it is known what there is to look at.
  const slow = await open(browser, server, "/rules");
  await slow.page.route(/\/assets\/Progress|GetCoverage|QueryRollup/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    await route.continue();
  });
  await slow.page.reload();
  await slow.page.getByRole("link", { name: "报送进度" }).click();
  await slow.page.locator("[data-test=agencies] tbody tr").first().waitFor();
  expect(new URL(slow.page.url()).hash).toMatch(/^#\/progress\?/);
  expect(slow.complaints).toEqual([]);
  for (const one of [page, slow.page]) await one.context().close();
});

test("refusals of reports are counted on the rules page", async () => {
  const overdue = ((await run(server, "coverage", PROVINCE, "--year", String(YEAR), "--missing")) as { agencies: { name: string }[] }).agencies[1]?.name ?? "";
  await command(server, "submit", path.join(ROOT, "tests/fixtures/documents/district.md"), "--agency", overdue.split("/")[1] ?? "", "--year", String(YEAR)).catch(() => undefined);
  const { page } = await open(browser, server, `/rules?year=${YEAR}`);
  await page.locator("[data-rule=T4-BLOCK-TOTAL] .per-year").getByText("0 / 1").waitFor();
  await page.context().close();
});
