import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAccessible, expectContrast, expectTargets } from "./accessible";
import { browse, command, demo, folder, loaded, open, ROOT, run, serve, type Server, rollup, type Sums } from "./program";

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

const headline = (page: Page, measure: string) => page.locator(`[data-measure="${measure}"]`);
async function count(page: Page, measure: string): Promise<bigint> {
  return BigInt((await headline(page, measure).getAttribute("data-count")) ?? "-1");
}

describe("a province with reports", () => {
  test("the figures of the overview are those of huizong rollup", async () => {
    const measures = ["requests.received", "requests.carried_over", "requests.outcomes_total", "requests.carried_forward"];
    const { page, complaints } = await open(browser, server, `/?year=${YEAR}`);
    const answer = await rollup(server, PROVINCE, "--year", String(YEAR), ...measures.flatMap((one) => ["--measure", one]));
    for (const { measure, count: expected } of answer.totals) expect(await count(page, measure), measure).toBe(BigInt(expected));
    const outcomes = await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "outcomes_total", "--by", "outcome");
    const table = page.locator("[data-test=outcomes] table");
    for (const row of outcomes.rows) {
      const shown = table.locator("tr", { has: page.getByRole("rowheader", { name: row.label, exact: true }) });
      expect((await shown.locator("td").first().innerText()).replaceAll(",", "")).toBe(row.count);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("changes compare like with like, and say over how many agencies; all reports are compared on request", async () => {
    const { page, complaints } = await open(browser, server, `/?year=${YEAR}`);
    const sums = (...more: string[]) => rollup(server, PROVINCE, "--year", `${YEAR - 1}..${YEAR}`, "--measure", "received", "--by", "year", ...more);
    const changeOf = ({ rows }: Sums) => {
      const [before = 0, now = 0] = [YEAR - 1, YEAR].map((year) => Number(rows.find((row) => row.key === String(year))?.count));
      return `${(Math.abs((now - before) * 100) / before).toFixed(1)}%`;
    };
    const [like, all] = [await sums("--comparable"), await sums()];
    const shown = page.locator('[data-change="requests.received"]');
    await page.locator("[data-test=basis]").getByText(`两年均已计入的${like.comparableAgencies}家单位`).waitFor();
    await expect.poll(() => shown.innerText()).toContain(changeOf(like));
    await page.getByRole("button", { name: "改按全部报告" }).click();
    await expect.poll(() => shown.innerText()).toContain(changeOf(all));
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("a time leads to the sums of then, and one before all data is said to be", async () => {
    const { page } = await open(browser, server, `/?year=${YEAR}`);
    await headline(page, "requests.received").waitFor();
    await page.getByText("查看历史数据，或按某年度隶属关系汇总").click();
    await page.getByLabel("时点（北京时间）").fill("2001-01-01T00:00");
    await page.getByRole("button", { name: "查看", exact: true }).click();
    await page.getByText("该时点之前还没有数据").waitFor();
    await page.getByLabel("时点（北京时间）").fill("2099-01-01T00:00");
    await page.getByRole("button", { name: "查看", exact: true }).click();
    await page.locator("[data-test=perspective]").getByText(/数据截至/).waitFor();
    expect(page.url()).toMatch(/as_of=[1-9]/);
    await page.context().close();
  });

  test("an outcome opens into its reasons, which add up to it", async () => {
    const { page } = await open(browser, server, `/?year=${YEAR}`);
    const outcomes = page.locator("[data-test=outcomes]");
    await outcomes.getByLabel("具体情形…").selectOption({ label: "不予公开" });
    await outcomes.getByText("属于国家秘密").first().waitFor();
    const cells = await outcomes.locator("tbody tr td:nth-child(2)").allInnerTexts();
    const sum = cells.reduce((sum, text) => sum + BigInt(text.replaceAll(",", "")), 0n);
    const expected = await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "refused");
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
    // By agency there are more than are drawn at once: how many is said, and the rest is to be had.
    await page.getByRole("radio", { name: "按单位" }).check();
    const more = page.locator("aside.parts [data-test=shown-of]");
    const all = (await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency")).rows;
    await more.getByText(`共${all.length}条`).waitFor();
    expect(await parts.locator("[data-test=parts-sum]").innerText()).toBe((await cell.innerText()));
    // The largest of all come first, not the largest of a page.
    const sizes = async () => (await parts.locator("tbody td.number").allInnerTexts()).map((text) => BigInt(text.replaceAll(",", "")));
    const sorted = all.map((row) => BigInt(row.count)).sort((one, other) => (one < other ? 1 : one > other ? -1 : 0));
    expect(await sizes()).toEqual(sorted.slice(0, 50));
    await page.getByRole("button", { name: "从大到小" }).click();
    await expect.poll(sizes).toEqual([...sorted].reverse().slice(0, 50));
    for (let shown = 50; shown < all.length; shown += 50) {
      await more.getByText(`显示${shown}条，共${all.length}条`).waitFor();
      await more.getByRole("button").click();
    }
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

  test("the sums as of an earlier journal sequence are those of then, say so, and lead back to the present", async () => {
    const listed = await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency");
    const then = listed.totals[0]?.count ?? "";
    const leaving = [...listed.rows].reverse().find((row) => BigInt(row.count) > 0n);
    await command(server, "report", "withdraw", `${leaving?.key}/reports/${YEAR}`, "--reason", "数字须重新核对");
    const now = BigInt(then) - BigInt(leaving?.count ?? 0);
    const { page, complaints } = await open(browser, server, `/?year=${YEAR}`);
    await expect.poll(() => count(page, "requests.received")).toBe(now);
    await page.getByText("查看历史数据，或按某年度隶属关系汇总").click();
    await page.getByLabel("流水号").fill(listed.asOf);
    await page.getByLabel("隶属关系年度").selectOption(String(YEAR - 1));
    await page.getByRole("button", { name: "查看", exact: true }).click();
    const stamp = page.locator("[data-test=perspective]");
    await stamp.getByText(new RegExp(`数据截至\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d（流水号${listed.asOf}），按${YEAR - 1}年度隶属关系汇总`)).waitFor();
    await expect.poll(() => count(page, "requests.received")).toBe(BigInt(then));
    expect(page.url()).toContain(`as_of=${listed.asOf}`);
    expect(await page.getByText("实时更新").count()).toBe(0);
    await expectAccessible(page, "the past");
    // The form goes along, the other pages show the present.
    await page.getByRole("link", { name: "汇总表" }).click();
    expect(await page.locator("[data-test=form-sequence]").innerText()).toBe(listed.asOf);
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
    await page.getByRole("button", { name: "将当前汇总表定稿" }).click();
    await page.getByText("完全一致").waitFor();
    expect(await shown("data-frozen")).toBe(before);
    await page.getByText("用于公布").waitFor();
    await expectAccessible(page, "frozen");
    const frozen = (await run(server, "frozen", "get", `${PROVINCE}/frozenForms/${YEAR}-1`)) as { frozenForm: { contentSha256: string } };
    expect(await page.locator("[data-test=frozen-hash]").innerText()).toBe(frozen.frozenForm.contentSha256);
    // Whatever it is had as, it is what was frozen.
    for (const [format, begin] of [["DOCX", "PK"], ["OFD", "PK"], ["XLSX", "PK"], ["CSV", "cell,"], ["HTML", "<!"]] as const) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: format, exact: true }).click()]);
      expect(download.suggestedFilename()).toMatch(new RegExp(`^黑龙江省${YEAR}年.*\\.${format.toLowerCase()}$`));
      const content = await readFile(await download.path(), "latin1");
      expect(content.slice(0, begin.length), format).toBe(begin);
      if (format === "HTML") expect(content).toContain(frozen.frozenForm.contentSha256);
    }
    // A report leaves the sums.
    const listed = await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency");
    const left = listed.rows.find((row) => BigInt(row.count) > 0n);
    const owner = left?.key ?? "";
    await command(server, "report", "withdraw", `${owner}/reports/${YEAR}`, "--reason", "数字须重新核对");
    await page.reload();
    await page.getByText("查看差别").click();
    const row = page.locator("[data-test=differences] tbody > tr", { has: page.getByRole("button", { name: left?.label ?? "" }) }).first();
    await row.waitFor();
    expect(await shown("data-frozen")).toBe(before);
    await row.getByRole("button").first().click();
    await page.locator("[data-test=state]").getByText("已撤回").waitFor();
    await page.goto(`${server.url}/#/form?year=${YEAR}`);
    await page.locator("[data-test=frozen-forms] summary").getByText("1").waitFor();
    await page.locator("[data-test=frozen-forms] summary").click();
    await page.locator("[data-test=frozen-forms]").getByRole("button", { name: `${YEAR}-1` }).click();
    await page.getByText("个单元格不同").waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  /** Every page, with what it is about, loaded to its end. */
  async function* pages(page: Page) {
    const listed = await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency");
    const reporter = listed.rows[0]?.key.split("/")[1];
    const views = ["/mine", "/queue", "/progress", "/collections", "/overview", "/table", "/form", "/reconcile", "/rules", `/report?owner=agencies/${reporter}`, `/submit?owner=agencies/${guest}`, `/receipt?owner=agencies/${reporter}`, "/table?rows=chosen&of=jurisdictions/230100", "/frozen?number=1", "/wall", "/registry", "/people", "/journal", "/status"];
    for (const view of views) {
      await page.goto(`${server.url}/#${view}${view.includes("?") ? "&" : "?"}year=${YEAR}`);
      await page.locator("h1").waitFor();
      await page.getByRole("main").locator("table, .empty, .notice, .rule, .card, .tools").first().waitFor({ state: "attached" });
      await expect.poll(() => page.getByText(/^(正在加载|Loading)/).count()).toBe(0);
      yield view;
    }
  }

  test.for([["light", "English"], ["dark", "English"], ["light", undefined], ["dark", undefined]] as const)("the pages are accessible in %s, %s", async ([colorScheme, language]) => {
    const { page, complaints } = await open(browser, server, `/?year=${YEAR}`, { colorScheme });
    if (language) await page.getByRole("button", { name: language }).click();
    for await (const view of pages(page)) await expectAccessible(page, `${view} ${colorScheme}`);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("who asks the system for more contrast has it on every page, on light and on dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await open(browser, server, `/?year=${YEAR}`, { colorScheme, contrast: "more" });
      for await (const view of pages(page)) await expectContrast(page, `${view} ${colorScheme}`);
      await page.context().close();
    }
  });

  test.for([1280, 900, 390])("whatever the font, nothing that is clicked is too small on a screen of %i px", async (width) => {
    const { page } = await open(browser, server, `/?year=${YEAR}`, { viewport: { width, height: 720 } });
    for await (const view of pages(page)) await expectTargets(page, `${view} at ${width} px`);
    await page.context().close();
  });

  test("an address that names no moment, year or place shows no figures, and leads back to the present", async () => {
    const { page } = await open(browser, server, `/overview?year=${YEAR}&as_of=abc`);
    const told = page.locator("[data-test=bad-address]");
    await told.getByText("“abc”无效").waitFor();
    expect(await page.locator("[data-measure]").count()).toBe(0);
    await expectAccessible(page, "a bad address");
    await told.getByRole("button").click();
    await headline(page, "requests.received").waitFor();
    await page.goto(`${server.url}/#/form?year=23`);
    await told.getByText("年度“23”无效").waitFor();
    await page.context().close();
  });

  test("the year and the place stand in the address, and stay when newer reports come in", async () => {
    const { page } = await open(browser, server, "/");
    await headline(page, "requests.received").waitFor();
    await page.waitForURL((url) => url.hash.includes(`year=${YEAR}`) && url.hash.includes(`scope=${PROVINCE}`));
    await page.context().close();
  });

  test("on paper a page has its place, year, coverage and time, and lists are whole", async () => {
    const { page } = await open(browser, server, `/progress?year=${YEAR}`);
    await page.locator("[data-test=agencies] tbody tr").first().waitFor();
    const count = Number(await page.locator("[data-test=listed]").getAttribute("data-count"));
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => globalThis.dispatchEvent(new Event("beforeprint")));
    await expect.poll(() => page.locator("[data-test=agencies] tbody tr").count()).toBe(count);
    const head = await page.locator("[data-test=print-head]").innerText();
    for (const part of ["报送进度", "黑龙江省", String(YEAR), "已计入汇总", "打印时间"]) expect(head).toContain(part);
    // Chromium draws a head again on each page only where no button has a box in it.
    expect(await page.locator("[data-test=agencies] thead button").evaluateAll((buttons) => buttons.map((one) => getComputedStyle(one).display))).toEqual(Array(4).fill("contents"));
    for (const hidden of [".bar", ".side", ".place", ".tools"]) for (const one of await page.locator(hidden).all()) expect(await one.isVisible(), hidden).toBe(false);
    await page.context().close();
  });

  test("on paper rules have their titles, and what is folded otherwise is left out", async () => {
    const { page } = await open(browser, server, `/rules?year=${YEAR}`);
    const titles = page.locator("[data-rule] summary");
    await titles.first().waitFor();
    await page.emulateMedia({ media: "print" });
    for (const title of await titles.all()) expect(await title.isVisible()).toBe(true);
    await page.goto(`${server.url}/#/form?year=${YEAR}`);
    await page.locator("[data-test=form-hash]").waitFor();
    expect(await page.locator("[data-test=frozen-forms]").isVisible()).toBe(false);
    await page.context().close();
  });

  test("on paper charts fill their places, two beside each other, and nothing overlaps", async () => {
    const { page } = await open(browser, server, `/overview?year=${YEAR}`);
    await page.locator(".chart svg[viewBox]").nth(5).waitFor({ state: "attached" });
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 700, height: 1000 });
    const boxes = await page.locator(".chart-card").evaluateAll((cards) => cards.map((card) => [card, card.querySelector("svg"), card.querySelector(".note")].map((one) => one?.getBoundingClientRect())));
    for (const [card, drawn, note] of boxes) {
      expect(drawn!.width).toBeGreaterThan(250);
      expect(drawn!.right).toBeLessThanOrEqual(card!.right + 1);
      if (note) expect(note.top).toBeGreaterThanOrEqual(drawn!.bottom - 1);
    }
    expect(new Set(boxes.map(([card]) => Math.round(card!.left))).size).toBe(2);
    await page.context().close();
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

  test("the first load is less than 300 KB as it is sent, charts in it; what has none loads no charts", async () => {
    const html = await (await fetch(server.url)).text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
    for (const [view, drawn] of [["/overview", ".chart svg"], ["/progress", "[data-test=agencies]"]] as const) {
      const { page } = await open(browser, server, `${view}?year=${YEAR}`);
      await page.locator(drawn).first().waitFor();
      const files = await loaded(page);
      expect(files.reduce((sum, { size }) => sum + size, 0), view).toBeLessThan(300 * 1024);
      expect(files.some(({ name }) => name.includes("echarts")), view).toBe(view === "/overview");
      await page.context().close();
    }
  });
});

describe("a service without anything in it", () => {
  test("says so, and a page that lost the service finds it again", async () => {
    const data = folder();
    let empty = await serve(data.path);
    const { page } = await open(browser, empty, "/");
    await page.getByText("单位名录为空").waitFor();
    await expectAccessible(page, "empty");
    const port = new URL(empty.url).host;
    await command(empty, "registry", "import", path.join(ROOT, "web/e2e/registry.csv"));
    await page.reload();
    await page.getByText("尚未收到报告").waitFor();
    await page.getByText("实时更新").waitFor();
    await empty.stop();
    await page.getByText("连接中断").waitFor();
    empty = await serve(data.path, port);
    await page.getByText("实时更新").waitFor();
    await page.context().close();
    await empty.stop();
    data.remove();
  });
});
