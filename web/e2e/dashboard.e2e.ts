import { readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { browse, command, demo, folder, open, ROOT, run, serve, type Server } from "./program";

const PROVINCE = "jurisdictions/230000";
const YEAR = 2023;

let browser: Browser;
let server: Server;
let guest: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), demo(160, `${YEAR - 1}..${YEAR}`)]);
  guest = /--agency (\S+)/.exec(server.text)?.[1] ?? "";
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

interface Rollup {
  rows?: { keys?: { value: string; label: { zh: string } }[]; measure: string; count?: string }[];
  totals: { measure: string; count: string }[];
  sequence: string;
}

const headline = (page: Page, measure: string) => page.locator(`[data-measure="${measure}"]`);
async function count(page: Page, measure: string): Promise<bigint> {
  return BigInt((await headline(page, measure).getAttribute("data-count", { timeout: 20_000 })) ?? "-1");
}

describe("a province with reports", () => {
  test("the figures of the overview are those of huizong rollup", async () => {
    const measures = ["requests.received", "requests.carried_over", "requests.outcomes_total", "requests.carried_forward"];
    const { page, complaints } = await open(browser, server, `/?year=${YEAR}`);
    const answer = (await run(server, "rollup", PROVINCE, "--year", String(YEAR), ...measures.flatMap((one) => ["--measure", one]))) as Rollup;
    for (const { measure, count: expected } of answer.totals) expect(await count(page, measure), measure).toBe(BigInt(expected));
    const outcomes = (await run(server, "rollup", PROVINCE, "--year", String(YEAR), "--measure", "outcomes_total", "--by", "outcome")) as Rollup;
    const table = page.locator("[data-test=outcomes] table");
    for (const row of outcomes.rows ?? []) {
      const shown = table.locator("tr", { has: page.getByRole("rowheader", { name: row.keys?.[0]?.label.zh ?? "", exact: true }) });
      expect((await shown.locator("td").first().innerText()).replaceAll(",", "")).toBe(row.count);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("an outcome opens into its reasons, which add up to it", async () => {
    const { page } = await open(browser, server, `/?year=${YEAR}`);
    const outcomes = page.locator("[data-test=outcomes]");
    await outcomes.getByRole("button", { name: "不予公开", exact: true }).click();
    await outcomes.getByText("属于国家秘密").first().waitFor();
    const cells = await outcomes.locator("tbody tr td:nth-child(2)").allInnerTexts();
    const sum = cells.reduce((sum, text) => sum + BigInt(text.replaceAll(",", "")), 0n);
    const expected = (await run(server, "rollup", PROVINCE, "--year", String(YEAR), "--measure", "refused")) as Rollup;
    expect(sum).toBe(BigInt(expected.totals[0]?.count ?? -1));
    await page.context().close();
  });

  test("a figure of the form leads to the jurisdictions, then to the reports that make it up", async () => {
    const { page, complaints } = await open(browser, server, `/form?year=${YEAR}`);
    const cell = page.locator('[data-cell="requests.received.total"] button');
    const total = BigInt((await cell.innerText()).replaceAll(",", ""));
    await cell.click();
    const parts = page.locator("[data-test=parts]");
    const sumOfParts = async () => (await parts.locator("tbody td.number").allInnerTexts()).reduce((sum, text) => sum + BigInt(text.replaceAll(",", "")), 0n);
    await parts.locator("tbody td.number").first().waitFor();
    expect(await sumOfParts()).toBe(total);
    await page.getByRole("radio", { name: "按机构" }).check();
    await expect.poll(sumOfParts).toBe(total);
    await parts.locator("tbody button").first().click();
    await page.locator("[data-test=state]").waitFor();
    expect(page.url()).toContain("/report");
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("what is downloaded is what is shown, with its sequence and hash", async () => {
    const { page } = await open(browser, server, `/form?year=${YEAR}`);
    const sequence = await page.locator("[data-test=form-sequence]").innerText();
    const hash = await page.locator("[data-test=form-hash]").innerText();
    const save = async (name: string) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name, exact: true }).click()]);
      return readFile(await download.path(), "utf8");
    };
    const lines = (await save("CSV")).trim().split("\n").slice(1);
    const printed = new Map(lines.map((line) => [line.slice(0, line.indexOf(",")), line.slice(line.lastIndexOf(",") + 1).trim()]));
    const shown = await page.locator("td[data-cell]").evaluateAll((cells) => cells.map((cell) => [(cell as HTMLElement).dataset.cell ?? "", (cell as HTMLElement).innerText.trim().replaceAll(",", "")] as const));
    expect(new Map(shown)).toEqual(printed);
    const html = await save("HTML");
    expect(html).toContain(hash);
    expect(html).toContain(sequence);
    await page.context().close();
  });

  test("a document with an error is corrected, handed in, accepted by another, in the sum of a page open all the while, and withdrawn", async () => {
    const overview = await open(browser, server, `/?year=${YEAR}`);
    const before = await count(overview.page, "requests.received");
    const { page, complaints } = await open(browser, server, `/submit?year=${YEAR + 1}&owner=agencies/${guest}`);
    await page.getByRole("textbox", { name: "署名" }).fill("填报员");
    await page.locator("input[type=file]").setInputFiles(path.join(ROOT, "tests/fixtures/documents/district.md"));
    await page.locator('[data-cell="requests.received.total"] input').waitFor();
    // The document is of 2023: the page asks, and turns there only when it is told to.
    const ask = page.locator("[data-test=other-year]");
    await ask.getByText(`文件写明的是 ${YEAR}年度`).waitFor();
    expect(page.url()).toContain(`year=${YEAR + 1}`);
    await page.locator(".findings code", { hasText: "DOCUMENT-YEAR" }).waitFor();
    await ask.getByRole("button", { name: `改报 ${YEAR}年度` }).click();
    await page.waitForURL(`**year=${YEAR}**`);
    await page.locator("[data-test=suggestions]").getByText("很可能是 11").waitFor();
    await page.locator("[data-test=submit]").click();
    await page.getByText("REPORT_INVALID").waitFor();
    await page.locator('[data-cell="disputes.reconsideration.total"] input').fill("11");
    await page.locator('[data-cell="disputes.litigation_after_reconsideration.total"] input').fill("5");
    await page.locator("[data-test=submit]").click();
    await page.getByText("WARNINGS_UNANSWERED").waitFor();
    for (const answer of await page.locator(".findings textarea").all()) await answer.fill("已逐项核对，数字无误");
    await page.locator("[data-test=submit]").click();
    await page.locator("[data-test=receipt]").getByText(`agencies/${guest}/reports/${YEAR}/revisions/1`).waitFor();
    // The year is reviewed: until somebody else accepts it, it is in no sum.
    await page.locator("[data-test=receipt]").getByText("待审").waitFor();
    expect(await count(overview.page, "requests.received")).toBe(before);
    const review = await open(browser, server, `/report?year=${YEAR}&owner=agencies/${guest}`);
    await review.page.getByRole("textbox", { name: "署名" }).fill("填报员");
    await review.page.getByRole("button", { name: "通过" }).click();
    await review.page.getByText("OWN_SUBMISSION").waitFor();
    await review.page.getByRole("textbox", { name: "署名" }).fill("审核员");
    await review.page.getByRole("button", { name: "通过" }).click();
    await review.page.locator("[data-test=state]").getByText("已通过").waitFor();
    await review.page.context().close();
    await expect.poll(() => count(overview.page, "requests.received"), { timeout: 15_000 }).toBe(before + 21n);
    const answer = (await run(server, "rollup", PROVINCE, "--year", String(YEAR), "--measure", "received")) as Rollup;
    expect(BigInt(answer.totals[0]?.count ?? -1)).toBe(before + 21n);
    // Withdrawn, with a reason, it leaves the sum again; then there is nothing left to do but hand in anew.
    const withdrawal = await open(browser, server, `/report?year=${YEAR}&owner=agencies/${guest}`);
    const panel = withdrawal.page.locator("[data-test=review]");
    await panel.getByText("撤回报告").click();
    expect(await panel.getByRole("button", { name: "通过" }).count()).toBe(0);
    await panel.getByText("退出汇总，计为未报").waitFor();
    expect(await panel.getByRole("button", { name: "撤回", exact: true }).isDisabled()).toBe(true);
    await panel.getByRole("textbox", { name: "撤回理由" }).fill("数字须重新核对");
    await panel.getByRole("button", { name: "撤回", exact: true }).click();
    await withdrawal.page.locator("[data-test=state]").getByText("撤回").waitFor();
    await withdrawal.page.locator(".history").getByText("数字须重新核对").waitFor();
    expect(await panel.count()).toBe(0);
    await withdrawal.page.context().close();
    await expect.poll(() => count(overview.page, "requests.received"), { timeout: 15_000 }).toBe(before);
    expect([...complaints, ...overview.complaints, ...withdrawal.complaints]).toEqual([]);
    await page.context().close();
    await overview.page.context().close();
  });

  test("a block from a spreadsheet fills the cells that it covers and is undone, and cells that were not read are marked", async () => {
    const { page, complaints } = await open(browser, server, `/submit?year=${YEAR}&owner=agencies/${guest}`);
    const input = (cell: string) => page.locator(`[data-cell="${cell}"] input`);
    const document = (await readFile(path.join(ROOT, "tests/fixtures/documents/district.md"), "utf8")).replace(/(\| 一、本年新收政府信息公开申请数量 \| )(\d+)/, "$1约$2余");
    expect(document).toContain("约");
    await page.locator("input[type=file]").setInputFiles({ name: "a.md", mimeType: "text/markdown", buffer: Buffer.from(document) });
    const unread = page.locator("[data-test=unread]");
    await unread.getByText("有 1 个单元格未能从文件中读取").waitFor();
    const cell = "requests.received.natural_person";
    expect(await input(cell).getAttribute("placeholder")).toBe("未读取");
    expect(await input(cell).getAttribute("class")).toContain("unread");
    await expectAccessible(page, "unread");
    // The report that was withdrawn is replaced.
    await page.getByRole("textbox", { name: "更正理由" }).fill("重新核对");
    await page.locator("[data-test=submit]").click();
    await page.getByText("CELLS_UNREAD").first().waitFor();
    await unread.getByRole("button", { name: "原文空白" }).click();
    expect(await unread.count()).toBe(0);
    expect(await input(cell).inputValue()).toBe("空白");
    // As a spreadsheet puts it on the clipboard, two rows of two.
    const before = await input("requests.disclosed.natural_person").inputValue();
    const paste = async (at: string, text: string) => input(at).evaluate((field, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, text);
    await paste("requests.disclosed.natural_person", "1,234\t5\r\n６\t7\t\r\n");
    await page.locator("[data-test=pasted]").getByText("已粘贴 5 个单元格").waitFor();
    const filled = ["requests.disclosed.natural_person", "requests.disclosed.commercial_enterprise", "requests.partially_disclosed.natural_person", "requests.partially_disclosed.commercial_enterprise"];
    expect(await Promise.all(filled.map((cell) => input(cell).inputValue()))).toEqual(["1,234", "5", "６", "7"]);
    await page.locator("[data-test=pasted]").getByRole("button", { name: "撤销粘贴" }).click();
    expect(await input(filled[0]!).inputValue()).toBe(before);
    expect(await page.locator("[data-test=pasted]").count()).toBe(0);
    // Two lines into one cell are never run together.
    await paste("disputes.litigation_after_reconsideration.total", "56\n78");
    expect(await input("disputes.litigation_after_reconsideration.total").inputValue()).toBe("56");
    await page.locator("[data-test=pasted]").getByText("另有 1 个超出表格").waitFor();
    await input("requests.disclosed.natural_person").fill("1 2");
    await page.getByText("无法识别的数字：“1 2”").waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("a government hands in its consolidated report, which is reconciled with the computed sum", async () => {
    const scope = "jurisdictions/230200";
    const { page, complaints } = await open(browser, server, `/reconcile?year=${YEAR}&scope=${scope}`);
    await page.getByRole("button", { name: "报送本级政府汇总报告" }).click();
    await page.locator("[data-test=agency]").getByText("齐齐哈尔市（政府汇总报告）").waitFor();
    await page.locator("input[type=file]").setInputFiles(path.join(ROOT, "tests/fixtures/documents/district.md"));
    await page.locator("[data-test=suggestions]").getByText("很可能是 11").waitFor();
    await page.locator('[data-cell="disputes.reconsideration.total"] input').fill("11");
    await page.locator('[data-cell="disputes.litigation_after_reconsideration.total"] input').fill("5");
    await page.locator("[data-test=check]").click();
    await page.getByText("WARNINGS_UNANSWERED").waitFor();
    for (const answer of await page.locator(".findings textarea").all()) await answer.fill("已逐项核对，数字无误");
    await page.locator("[data-test=submit]").click();
    await page.locator("[data-test=receipt]").getByText(`${scope}/reports/${YEAR}/revisions/1`).waitFor();
    await page.getByRole("button", { name: "与汇总计算核对" }).click();
    await page.locator("[data-test=differences]").waitFor();
    const answer = (await run(server, "reconcile", scope, "--year", String(YEAR))) as { differences: { given?: string; computed: string; difference: string }[] };
    expect(answer.differences.length).toBeGreaterThan(0);
    const shown = await page.locator("[data-test=differences] tbody > tr").evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("td.number")].slice(0, 3).map((cell) => cell.textContent?.replaceAll(",", "").replace("−", "-"))));
    expect(shown).toEqual(answer.differences.map((one) => [one.given ?? "—", one.computed, one.difference]));
    // It is in no sum, and is reviewed as other reports are.
    await page.getByRole("button", { name: `${scope}/reports/${YEAR}` }).click();
    await page.locator("[data-test=state]").getByText("待审").waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("the sums as of an earlier journal sequence are those of then, say so, and lead back to the present", async () => {
    const listed = (await run(server, "rollup", PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency")) as Rollup;
    const then = listed.totals[0]?.count ?? "";
    const leaving = [...(listed.rows ?? [])].reverse().find((row) => BigInt(row.count ?? 0) > 0n);
    await command(server, "report", "withdraw", `${leaving?.keys?.[0]?.value}/reports/${YEAR}`, "--reason", "数字须重新核对");
    const now = BigInt(then) - BigInt(leaving?.count ?? 0);
    const { page, complaints } = await open(browser, server, `/?year=${YEAR}`);
    await expect.poll(() => count(page, "requests.received")).toBe(now);
    await page.getByText("查看以往或按某年层级").click();
    await page.getByLabel("截至日志序号").fill(listed.sequence);
    await page.getByLabel("层级年度").selectOption(String(YEAR - 1));
    await page.getByRole("button", { name: "查看", exact: true }).click();
    const stamp = page.locator("[data-test=perspective]");
    await stamp.getByText(`截至日志序号 ${listed.sequence}，按 ${YEAR - 1} 年的层级`).waitFor();
    await expect.poll(() => count(page, "requests.received")).toBe(BigInt(then));
    expect(page.url()).toContain(`as_of=${listed.sequence}`);
    expect(await page.getByText("实时").count()).toBe(0);
    await expectAccessible(page, "the past");
    // The form goes along, the other pages show the present.
    await page.getByRole("link", { name: "汇总表" }).click();
    expect(await page.locator("[data-test=form-sequence]").innerText()).toBe(listed.sequence);
    expect((await page.locator('[data-cell="requests.received.total"]').innerText()).replaceAll(",", "")).toBe(then);
    await stamp.getByRole("button").click();
    await expect.poll(async () => (await page.locator('[data-cell="requests.received.total"]').innerText()).replaceAll(",", "")).toBe(String(now));
    expect(await stamp.count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("a form is frozen with what it is for, stays as it was, and shows how the present has drifted from it", async () => {
    const { page, complaints } = await open(browser, server, `/form?year=${YEAR}`);
    const cell = 'requests.received.total';
    const shown = async (attribute: string) => page.locator(`[${attribute}="${cell}"]`).first().innerText();
    const before = await shown("data-cell");
    await page.locator("[data-test=frozen-forms] summary").click();
    await page.getByRole("textbox", { name: "用途" }).fill("用于公布");
    await page.getByRole("button", { name: "冻结当前汇总表" }).click();
    await page.getByText("完全一致").waitFor();
    expect(await shown("data-frozen")).toBe(before);
    await page.getByText("用于公布").waitFor();
    await expectAccessible(page, "frozen");
    const frozen = (await run(server, "frozen", "get", `${PROVINCE}/frozenForms/${YEAR}-1`)) as { frozenForm: { contentSha256: string } };
    expect(await page.locator("[data-test=frozen-hash]").innerText()).toBe(frozen.frozenForm.contentSha256);
    // A report leaves the sums.
    const listed = (await run(server, "rollup", PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency")) as Rollup;
    const left = listed.rows?.find((row) => BigInt(row.count ?? 0) > 0n);
    const owner = left?.keys?.[0]?.value ?? "";
    await command(server, "report", "withdraw", `${owner}/reports/${YEAR}`, "--reason", "数字须重新核对");
    await page.reload();
    await page.getByText("查看差别").click();
    const row = page.locator("[data-test=differences] tbody > tr", { has: page.getByRole("button", { name: left?.keys?.[0]?.label.zh ?? "" }) }).first();
    await row.waitFor();
    expect(await shown("data-frozen")).toBe(before);
    await row.getByRole("button").first().click();
    await page.locator("[data-test=state]").getByText("撤回").waitFor();
    await page.goto(`${server.url}/#/form?year=${YEAR}`);
    await page.locator("[data-test=frozen-forms] summary").getByText("1").waitFor();
    await page.locator("[data-test=frozen-forms] summary").click();
    await page.locator("[data-test=frozen-forms]").getByRole("button", { name: `${YEAR}-1` }).click();
    await page.getByText("个单元格不同").waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("the progress page lists whom to remind and what waits for review, as the command line does", async () => {
    const { page, complaints } = await open(browser, server, `/progress?year=${YEAR}`);
    const shown = page.locator("[data-test=agencies] tbody tr");
    const missing = (await run(server, "coverage", PROVINCE, "--year", String(YEAR), "--missing")) as { agencies: { name: string }[] };
    const coverage = (await run(server, "coverage", PROVINCE, "--year", String(YEAR))) as { coverage: Record<"expected" | "accepted" | "submitted" | "returned" | "late", string> };
    const { expected: all, ...states } = coverage.coverage;
    // Every list goes down to the lowest level.
    for (const [state, expected] of [["missing", missing.agencies.length], ...(["submitted", "returned", "late", "accepted"] as const).map((state) => [state, Number(states[state])] as const), ["all", Number(all)]] as const) {
      expect(expected, state).toBeGreaterThan(0);
      await page.getByLabel("筛选").selectOption(state);
      await expect.poll(() => page.locator("[data-test=listed]").getAttribute("data-count"), { timeout: 10_000, message: state }).toBe(String(expected));
      expect(await shown.count()).toBe(Math.min(expected, 100));
    }
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "导出催报名单 CSV" }).click()]);
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n").slice(1);
    expect(lines.map((line) => line.split('"')[1])).toEqual(missing.agencies.map((agency) => agency.name));
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("the rules page counts those refusals, and no report that was withdrawn", async () => {
    const { page } = await open(browser, server, `/rules?year=${YEAR}`);
    await page.locator("[data-rule=T4-BLOCK-TOTAL] .per-year").getByText("0 / 2").waitFor();
    await page.locator("[data-rule=ROW-OTHER-MERGED] .per-year").getByText("0 / 3").waitFor();
    await page.context().close();
  });

  test("the pages are accessible in both languages and in both colours", async () => {
    const views = ["/", "/form", "/progress", `/report?owner=agencies/${guest}`, `/submit?owner=agencies/${guest}`, "/reconcile", "/rules"];
    for (const [colorScheme, language] of [["light", "English"], ["dark", undefined]] as const) {
      const { page, complaints } = await open(browser, server, `/?year=${YEAR}`, { colorScheme });
      if (language) await page.getByRole("button", { name: language }).click();
      for (const view of views) {
        await page.goto(`${server.url}/#${view}${view.includes("?") ? "&" : "?"}year=${YEAR}`);
        await page.locator("h1").waitFor();
        await page.getByRole("main").locator("table, .empty, .notice, .rule").first().waitFor({ state: "attached" });
        await expect.poll(() => page.getByText(/^(正在加载|Loading)/).count(), { timeout: 20_000 }).toBe(0);
        await expectAccessible(page, `${view} ${colorScheme}`);
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  test("the titles of the printed form are in the reader's language", async () => {
    const { page } = await open(browser, server, `/form?year=${YEAR}`);
    const titles = page.locator(".sheet h2");
    await titles.first().getByText("二、主动公开政府信息情况").waitFor();
    await page.getByRole("button", { name: "English" }).click();
    await titles.first().getByText(/^2\. /).waitFor();
    expect((await titles.allInnerTexts()).join()).not.toMatch(/\p{Script=Han}/u);
    await page.context().close();
  });

  test("the whole dashboard can be walked through with the keyboard", async () => {
    const { page } = await open(browser, server, `/?year=${YEAR}`);
    await count(page, "requests.received");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("跳到正文");
    const search = page.getByRole("combobox", { name: "查找地区" });
    await search.focus();
    await search.fill("哈尔滨");
    await page.getByRole("option", { name: /哈尔滨市/ }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL("**scope=jurisdictions/230100**");
    await page.context().close();
  });

  test("the first view loads less than 300 KB of scripts, packed, and charts come later", async () => {
    const html = await (await fetch(server.url)).text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
    const { page } = await open(browser, server, `/progress?year=${YEAR}`);
    await page.locator("table").first().waitFor();
    const scripts = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => name.endsWith(".js")));
    const sizes = await Promise.all(scripts.map(async (script) => gzipSync(Buffer.from(await (await fetch(script)).arrayBuffer())).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300 * 1024);
    expect(scripts.some((script) => script.includes("echarts"))).toBe(false);
    await page.context().close();
  });
});

describe("a service without anything in it", () => {
  test("says so, and a page that lost the service finds it again", async () => {
    const data = folder();
    let empty = await serve(data.path);
    const { page } = await open(browser, empty, "/");
    await page.getByText("尚未登记任何地区").waitFor();
    await expectAccessible(page, "empty");
    const port = new URL(empty.url).host;
    await command(empty, "registry", "import", path.join(ROOT, "web/e2e/registry.csv"));
    await page.reload();
    await page.getByText("尚未收到报告").waitFor();
    await page.getByText("实时").waitFor();
    await empty.stop();
    await page.getByText("连接中断").waitFor();
    empty = await serve(data.path, port);
    await page.getByText("实时").waitFor({ timeout: 30_000 });
    await page.context().close();
    await empty.stop();
    data.remove();
  });
});
