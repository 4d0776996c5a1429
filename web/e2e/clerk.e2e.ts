// The clerk: what is owed, filling in, drafts, corrections, conflicts, the receipt; and a government's own report.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { strFromU8, unzipSync } from "fflate";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { browse, command, demo, open, rollup, ROOT, run, type Server } from "./program";

const PROVINCE = "jurisdictions/230000";
const YEAR = 2023;
const DOCUMENT = path.join(ROOT, "tests/fixtures/documents/district.md");

let browser: Browser;
let server: Server;
let guest: string;
/** Agencies that have not reported, but did the year before. */
let missing: { name: string; displayName: string }[];

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), demo(160, `${YEAR - 1}..${YEAR}`)]);
  guest = `agencies/${/--agency (\S+)/.exec(server.text)?.[1] ?? ""}`;
  missing = ((await run(server, "coverage", PROVINCE, "--year", String(YEAR), "--missing")) as { agencies: typeof missing }).agencies;
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const input = (page: Page, cell: string) => page.locator(`[data-cell="${cell}"] input`);
const received = async () => BigInt((await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received")).totals[0]?.count ?? -1);
const NATURAL = "requests.received.natural_person";

/** Corrects the mistakes of the document, explains its warnings, and confirms. */
async function confirm(page: Page) {
  await input(page, "disputes.reconsideration.total").fill("11");
  await input(page, "disputes.litigation_after_reconsideration.total").fill("5");
  await page.locator("[data-test=submit]").click();
  await page.getByText("WARNINGS_UNANSWERED").waitFor();
  for (const answer of await page.locator(".findings textarea").all()) await answer.fill("已逐项核对，数字无误");
  await page.locator("[data-test=submit]").click();
  await page.locator("[data-test=submit-now]").click();
}

/** The same, until the receipt is there. */
async function handIn(page: Page) {
  await confirm(page);
  await page.locator("[data-test=receipt]").waitFor();
}

test("a clerk sees what is owed, hands in from a document after confirming a summary, and opens the receipt again", async () => {
  const before = await received();
  const { page, complaints } = await open(browser, server, "/mine");
  await page.getByRole("textbox", { name: "经办人" }).fill("填报员");
  const name = missing.find((one) => one.name === guest)?.displayName ?? "";
  await page.getByRole("searchbox", { name: "查找单位" }).fill(name);
  await page.getByRole("button", { name: "查找" }).click();
  await page.locator("[data-test=found]").getByRole("button", { name, exact: true }).click();
  const owed = page.locator(`[data-owed="${YEAR}"]`);
  await owed.getByText("未报").waitFor();
  await owed.getByText(/截止 .*(还有|已过|今日已过)/).waitFor();
  await expectAccessible(page, "what is owed");
  // By the keyboard alone: where what was chosen is gone with its page, reading goes on at the next one.
  await owed.locator("[data-test=next-step]").focus();
  await page.keyboard.press("Enter");
  await page.locator("[data-test=template]").waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  // The workbook to fill in is of this agency and year, and is read back.
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("[data-test=template]").click()]);
  expect(download.suggestedFilename()).toBe(`${name}${YEAR}年政府信息公开工作年度报告填报模板.xlsx`);
  await page.locator("input[type=file]").setInputFiles({ name: "模板.xlsx", mimeType: "application/zip", buffer: await readFile(await download.path()) });
  await page.getByText("已读取“模板.xlsx”（XLSX）").waitFor();
  await page.locator("input[type=file]").setInputFiles(DOCUMENT);
  await page.locator("[data-test=suggestions]").getByText(/11/).first().waitFor();
  await page.locator("[data-test=submit]").click();
  await page.getByText("REPORT_INVALID").waitFor();
  expect(await page.locator("[data-test=summary]").isVisible()).toBe(false);
  // What was refused goes back into a spreadsheet, marked.
  const [marked] = await Promise.all([page.waitForEvent("download"), page.locator("[data-test=marked-workbook]").click()]);
  expect(marked.suggestedFilename()).toBe(`${name}${YEAR}年政府信息公开工作年度报告（标出问题）.xlsx`);
  const workbook = unzipSync(await readFile(await marked.path()));
  expect(strFromU8(workbook["xl/workbook.xml"]!)).toContain("审核问题");
  expect(strFromU8(workbook["xl/sharedStrings.xml"]!)).toContain("T4-BLOCK-TOTAL");
  expect(Object.keys(workbook).some((part) => part.startsWith("xl/comments"))).toBe(true);
  expect(await page.locator("[data-test=stale-findings]").count()).toBe(0);
  await input(page, "disputes.reconsideration.total").fill("11");
  await page.locator("[data-test=stale-findings]").waitFor();
  await input(page, "disputes.litigation_after_reconsideration.total").fill("5");
  await page.locator("[data-test=submit]").click();
  await page.getByText("WARNINGS_UNANSWERED").waitFor();
  for (const answer of await page.locator(".findings textarea").all()) await answer.fill("已逐项核对，数字无误");
  await page.locator("[data-test=submit]").click();
  const summary = page.locator("[data-test=summary]");
  await summary.getByText(name, { exact: true }).waitFor();
  for (const part of [`${YEAR}年度`, "以填报员的名义", "主要合计"]) await summary.getByText(part).first().waitFor();
  await expectAccessible(page, "summary");
  await page.locator("[data-test=submit-now]").click();
  const receipt = page.locator("[data-test=receipt]");
  await receipt.getByText("第1版").waitFor();
  await receipt.getByText("待审核，审核通过后计入汇总").waitFor();
  const hashes = await receipt.locator("dd > code").allInnerTexts();
  expect(hashes.filter((hash) => /^[0-9a-f]{64}$/.test(hash)).length).toBeGreaterThanOrEqual(2);
  // Few enough for one page.
  expect(await receipt.locator("tbody tr").count()).toBeLessThan(12);
  await expectAccessible(page, "receipt");
  // Until somebody else accepts it, it is in no sum.
  expect(await received()).toBe(before);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("huizong.draft")))).toEqual([]);
  await receipt.getByRole("button", { name: "返回我的填报" }).click();
  await owed.getByText("待审核").waitFor();
  await owed.getByRole("button", { name: "打印回执" }).click();
  await expect.poll(() => receipt.locator("dd > code").allInnerTexts()).toEqual(hashes);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("what is typed outlives reloading, other years, unreadable and too large files, and goes by choice only", async () => {
  const owner = missing.find((one) => one.name !== guest)?.name ?? "";
  const { page, complaints } = await open(browser, server, `/submit?year=${YEAR}&owner=${owner}`);
  const cell = input(page, NATURAL);
  await cell.fill("约17");
  await page.locator("[data-test=draft]").getByText("已暂存").waitFor();
  await page.reload();
  await page.locator("[data-test=draft-back]").waitFor();
  expect(await cell.inputValue()).toBe("约17");
  await expectAccessible(page, "a draft");
  await page.locator("input[type=file]").setInputFiles({ name: "坏.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 no more") });
  await page.locator("[data-test=file-complaint]").getByText("未能读取“坏.pdf”；已填内容未变").waitFor();
  expect(await cell.inputValue()).toBe("约17");
  await page.locator("input[type=file]").setInputFiles({ name: "大.docx", mimeType: "application/zip", buffer: Buffer.alloc((8 << 20) + (1 << 19)) });
  await page.locator("[data-test=file-complaint]").getByText("大小为8.5 MB，超过8 MB上限").waitFor();
  expect(await cell.inputValue()).toBe("约17");
  await page.locator("input[type=file]").setInputFiles({ name: "别的.txt", mimeType: "text/plain", buffer: Buffer.from("今天天气很好。") });
  await page.locator("[data-test=file-complaint]").getByText("“别的.txt”中没有年度报告的表格和文字；已填内容未变").waitFor();
  expect(await cell.inputValue()).toBe("约17");
  await page.locator(".place select").selectOption(String(YEAR - 1));
  await page.locator("[data-test=agency]").getByText(`${YEAR - 1}年度`).waitFor();
  await page.locator("[data-test=from-revision]").waitFor();
  expect(await cell.inputValue()).not.toBe("约17");
  await page.goBack();
  await page.locator("[data-test=draft-back]").waitFor();
  expect(await cell.inputValue()).toBe("约17");
  // A document takes its place once it is read, and that is undone.
  await page.locator("input[type=file]").setInputFiles(DOCUMENT);
  await expect.poll(() => cell.inputValue()).not.toBe("约17");
  await page.getByRole("button", { name: "撤销导入" }).click();
  expect(await cell.inputValue()).toBe("约17");
  page.once("dialog", (dialog) => void dialog.accept());
  await page.getByRole("button", { name: "放弃暂存" }).click();
  await expect.poll(() => cell.inputValue()).toBe("");
  await page.reload();
  await page.locator("[data-test=agency]").waitFor();
  await cell.waitFor();
  expect([await cell.inputValue(), await page.locator("[data-test=draft-back]").count()]).toEqual(["", 0]);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("cells take the keys and blocks of a spreadsheet, show sums at once, last year's figures beside, and what was not read", async () => {
  const owner = missing.find((one) => one.name !== guest)?.name ?? "";
  const { page, complaints } = await open(browser, server, `/submit?year=${YEAR}&owner=${owner}`);
  const focused = () => page.evaluate(() => document.activeElement?.closest("[data-cell]")?.getAttribute("data-cell"));
  await input(page, NATURAL).fill("3");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("requests.received.commercial_enterprise");
  await page.keyboard.type("4");
  expect(await input(page, "requests.received.total").getAttribute("placeholder")).toBe("7");
  await page.keyboard.press("Enter");
  expect(await focused()).toBe("requests.carried_over.commercial_enterprise");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe(NATURAL);
  await input(page, "requests.received.total").fill("8");
  expect(await input(page, "requests.received.total").getAttribute("title")).toContain("7");
  await page.getByLabel("上年对照").check();
  await page.locator(`[data-last-year="${NATURAL}"]`).getByText(/上年 \d/).waitFor();
  await expectAccessible(page, "last year beside");
  // As a spreadsheet puts it on the clipboard, two rows of two.
  const filled = ["requests.disclosed.natural_person", "requests.disclosed.commercial_enterprise", "requests.partially_disclosed.natural_person", "requests.partially_disclosed.commercial_enterprise"];
  const paste = async (at: string, text: string) => input(page, at).evaluate((field, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
  await paste(filled[0]!, "1,234\t5\r\n６\t7\t\r\n");
  await page.locator("[data-test=pasted]").getByText("已粘贴5个单元格").waitFor();
  expect(await Promise.all(filled.map((cell) => input(page, cell).inputValue()))).toEqual(["1,234", "5", "６", "7"]);
  await input(page, filled[0]!).focus();
  await page.keyboard.press("Control+z");
  expect(await input(page, filled[0]!).inputValue()).toBe("");
  expect(await page.locator("[data-test=pasted]").count()).toBe(0);
  // Two lines into one cell are never run together.
  await paste("disputes.litigation_after_reconsideration.total", "56\n78");
  expect(await input(page, "disputes.litigation_after_reconsideration.total").inputValue()).toBe("56");
  await page.locator("[data-test=pasted]").getByText("另有1个超出表格").waitFor();
  await input(page, filled[0]!).fill("1 2");
  await page.getByText("“1 2”不是数字").waitFor();
  const text = (await readFile(DOCUMENT, "utf8")).replace(/(\| 一、本年新收政府信息公开申请数量 \| )(\d+)/, "$1约$2余");
  expect(text).toContain("约");
  await page.locator("input[type=file]").setInputFiles({ name: "a.md", mimeType: "text/markdown", buffer: Buffer.from(text) });
  const unread = page.locator("[data-test=unread]");
  await unread.getByText("有1个单元格未能从文件中读取").waitFor();
  expect(await input(page, NATURAL).getAttribute("placeholder")).toBe("未读取");
  expect(await input(page, NATURAL).getAttribute("class")).toContain("unread");
  await expectAccessible(page, "unread");
  await input(page, filled[0]!).focus();
  await page.locator("[data-test=raw]").getByText("原文").waitFor();
  await page.locator("[data-test=submit]").click();
  await page.getByText("CELLS_UNREAD").first().waitFor();
  await unread.getByRole("button", { name: "原文空白" }).click();
  expect(await unread.count()).toBe(0);
  expect(await input(page, NATURAL).inputValue()).toBe("空白");
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a returned report is corrected from its last revision, with the reviewer's remarks beside", async () => {
  const report = `${guest}/reports/${YEAR}`;
  await command(server, "report", "return", report, "--reason", "请核对复议总数", "--comment", "disputes.reconsideration.total=与去年相差较大", "--as", "审核员");
  const { page, complaints } = await open(browser, server, "/mine");
  await page.evaluate((own) => localStorage.setItem("huizong.own", own), guest);
  await page.reload();
  const owed = page.locator(`[data-owed="${YEAR}"]`);
  await owed.getByText("请核对复议总数").waitFor();
  await owed.getByRole("button", { name: "按退回意见修改" }).click();
  await page.locator("[data-test=from-revision]").getByText("第1版").waitFor();
  await page.locator("[data-test=remarks]").getByText("与去年相差较大").waitFor();
  expect(await input(page, "disputes.reconsideration.total").inputValue()).toBe("11");
  expect(await input(page, "disputes.reconsideration.total").getAttribute("class")).toContain("remarked");
  await page.getByRole("textbox", { name: "更正原因" }).fill("已核对，数字无误");
  await expectAccessible(page, "a correction");
  await page.locator("[data-test=submit]").click();
  // Explanations of the revision before are offered again.
  await page.getByText("WARNINGS_UNANSWERED").waitFor();
  for (const answer of await page.locator(".findings textarea").all()) if (!(await answer.inputValue())) await answer.fill("已逐项核对，数字无误");
  await page.locator("[data-test=submit]").click();
  await page.locator("[data-test=submit-now]").click();
  await page.locator("[data-test=receipt]").getByText("第2版").waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("whoever corrects what somebody else has corrected meanwhile chooses cell by cell, and goes on", async () => {
  const view = `/submit?year=${YEAR}&owner=${guest}`;
  const [first, second] = await Promise.all([open(browser, server, view), open(browser, server, view)]);
  for (const { page } of [first, second]) {
    await page.locator("[data-test=from-revision]").getByText("第2版").waitFor();
    await page.getByRole("textbox", { name: "更正原因" }).fill("重新核对");
  }
  const cell = "proactive_disclosure.administrative_permits";
  const send = async (page: Page) => {
    await page.locator("[data-test=submit]").click();
    await Promise.race([page.locator("[data-test=submit-now]").waitFor(), page.getByText("WARNINGS_UNANSWERED").waitFor(), page.locator("[data-test=conflict]").waitFor()]);
    if (await page.locator("[data-test=conflict]").isVisible()) return;
    for (const answer of await page.locator(".findings textarea").all()) if (!(await answer.inputValue())) await answer.fill("已逐项核对，数字无误");
    if (!(await page.locator("[data-test=submit-now]").isVisible())) await page.locator("[data-test=submit]").click();
    await page.locator("[data-test=submit-now]").click();
    await page.locator("[data-test=receipt]").waitFor();
  };
  await input(first.page, cell).fill("71");
  await send(first.page);
  await input(second.page, cell).fill("72");
  await send(second.page);
  const conflict = second.page.locator("[data-test=conflict]");
  await conflict.getByText("第3版").waitFor();
  const row = conflict.locator("tbody tr");
  expect(await row.count()).toBe(1);
  expect(await row.innerText()).toMatch(/71[\s\S]*72/);
  await expectAccessible(second.page, "conflict");
  await row.getByRole("radio", { name: /最新版本/ }).check();
  await conflict.getByRole("button", { name: "以所选内容继续" }).click();
  expect(await input(second.page, cell).inputValue()).toBe("71");
  await input(second.page, cell).fill("73");
  await send(second.page);
  await second.page.locator("[data-test=receipt]").getByText("第4版").waitFor();
  expect([...first.complaints, ...second.complaints]).toEqual([]);
  for (const { page } of [first, second]) await page.context().close();
});

test("a document of another year asks before the page turns there, and leaves this year as it was", async () => {
  const owner = missing.find((one) => one.name !== guest)?.name ?? "";
  const { page } = await open(browser, server, `/submit?year=${YEAR - 1}&owner=${owner}`);
  await page.locator("[data-test=from-revision]").waitFor();
  const before = await input(page, NATURAL).inputValue();
  await page.locator("input[type=file]").setInputFiles(DOCUMENT);
  const ask = page.locator("[data-test=other-year]");
  await ask.getByText(`文件写明的是${YEAR}年度`).waitFor();
  expect(page.url()).toContain(`year=${YEAR - 1}`);
  await page.locator(".findings code", { hasText: "DOCUMENT-YEAR" }).waitFor();
  await ask.getByRole("button", { name: `改报${YEAR}年度` }).click();
  await page.waitForURL(`**year=${YEAR}**`);
  await page.getByText("已读取“district.md”").waitFor();
  // Findings of the other year are not shown for this one.
  expect(await page.locator(".findings code", { hasText: "DOCUMENT-YEAR" }).count()).toBe(0);
  await page.goBack();
  await page.locator("[data-test=agency]").getByText(`${YEAR - 1}年度`).waitFor();
  await expect.poll(() => input(page, NATURAL).inputValue()).toBe(before);
  await page.context().close();
});

test("a government's own report begins with the computed sums, is handed in, and is compared with them", async () => {
  const scope = "jurisdictions/230200";
  const { page, complaints } = await open(browser, server, `/reconcile?year=${YEAR}&scope=${scope}`);
  await page.getByRole("button", { name: "报送本级政府年度报告" }).click();
  await page.locator("[data-test=agency]").getByText("齐齐哈尔市（本级政府年度报告）").waitFor();
  await page.locator("[data-test=from-computed]").waitFor();
  const form = (await run(server, "form", scope, "--year", String(YEAR))) as { form: { requests: { received: { naturalPerson: string } } } };
  expect(await input(page, NATURAL).inputValue()).toBe(form.form.requests.received.naturalPerson);
  await page.locator("input[type=file]").setInputFiles(DOCUMENT);
  await page.locator("[data-test=suggestions]").getByText(/11/).first().waitFor();
  await handIn(page);
  await page.getByRole("button", { name: "与系统汇总数比对" }).click();
  await page.locator("[data-test=differences]").waitFor();
  const answer = (await run(server, "reconcile", scope, "--year", String(YEAR))) as { differences: Record<"given" | "computed" | "difference", { count?: string; amountWanYuan?: string } | undefined>[] };
  const text = (value: { count?: string; amountWanYuan?: string } | undefined) => value?.count ?? value?.amountWanYuan;
  expect(answer.differences.length).toBeGreaterThan(0);
  const shown = await page.locator("[data-test=differences] tbody > tr").evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("td.number")].slice(0, 3).map((cell) => cell.textContent?.replaceAll(",", "").replace("−", "-"))));
  expect(shown).toEqual(answer.differences.map((one) => [text(one.given) ?? "—", text(one.computed), text(one.difference)]));
  // It is in no sum, and is reviewed as other reports are.
  await page.getByRole("button", { name: "齐齐哈尔市（本级政府年度报告） 第1版" }).click();
  await page.locator("[data-test=state]").getByText("待审核").waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("two windows on one report have one draft: what is typed in either is in both, and neither writes over the other", async () => {
  const owner = missing.find((one) => one.name !== guest)?.name ?? "";
  const { page: first, complaints } = await open(browser, server, `/submit?year=${YEAR}&owner=${owner}`);
  const second = await first.context().newPage();
  await second.goto(first.url());
  const [one, other] = [NATURAL, "requests.received.commercial_enterprise"];
  for (const page of [first, second]) await input(page, one).waitFor();
  await input(first, one).fill("31");
  await expect.poll(() => input(second, one).inputValue()).toBe("31");
  await input(second, other).fill("32");
  await expect.poll(() => input(first, other).inputValue()).toBe("32");
  await input(first, one).fill("33");
  await first.locator("[data-test=draft]").getByText("已暂存").waitFor();
  await expect.poll(() => input(second, one).inputValue()).toBe("33");
  await second.close();
  await first.reload();
  await first.locator("[data-test=draft-back]").waitFor();
  expect([await input(first, one).inputValue(), await input(first, other).inputValue()]).toEqual(["33", "32"]);
  // Thrown away in one window, it is in none.
  const third = await first.context().newPage();
  await third.goto(first.url());
  await third.locator("[data-test=draft-back]").waitFor();
  first.once("dialog", (dialog) => void dialog.accept());
  await first.getByRole("button", { name: "放弃暂存" }).click();
  await expect.poll(() => input(third, one).inputValue()).toBe("");
  expect(complaints).toEqual([]);
  await first.context().close();
});

test("where the answer to a submission is lost, submitting once more gives the receipt, and nothing is stored twice", async () => {
  const owner = missing.filter((one) => one.name !== guest)[1]?.name ?? "";
  const { page } = await open(browser, server, `/submit?year=${YEAR}&owner=${owner}`);
  await page.locator("input[type=file]").setInputFiles(DOCUMENT);
  await page.locator("[data-test=suggestions]").getByText(/11/).first().waitFor();
  await page.route("**/SubmitReport", async (route) => {
    const answer = await route.fetch();
    // Only what was confirmed is lost: a check before it is answered.
    if ((await page.locator("[data-test=submit-now]").isVisible()) && answer.ok()) await route.abort("connectionreset");
    else await route.fulfill({ response: answer });
  });
  await confirm(page);
  await page.locator("[data-test=uncertain]").getByText("不会重复报送").waitFor();
  await page.unroute("**/SubmitReport");
  await page.locator("[data-test=submit]").click();
  const receipt = page.locator("[data-test=receipt]");
  await receipt.getByText("第1版").waitFor();
  const stored = JSON.stringify(await run(server, "report", "get", `${owner}/reports/${YEAR}`));
  expect([/revisions\/1"/.test(stored), /revisions\/2"/.test(stored)]).toEqual([true, false]);
  await page.context().close();
});
