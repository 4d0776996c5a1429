// Who looks at figures: one search over everything, a table of one's own, and places compared like with like.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { strFromU8, unzipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { browse, demo, folder, open, rollup, serve, type Server } from "./program";

const PROVINCE = "jurisdictions/230000";
const YEAR = 2023;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), demo(160, `${YEAR - 1}..${YEAR}`)]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("one search finds pages, places and agencies, and goes there by the keyboard", async () => {
  const { page, complaints } = await open(browser, server, `/overview?year=${YEAR}`);
  const finder = page.getByRole("combobox", { name: "查找单位、地区或功能" });
  const options = page.locator("#finder [role=option]");
  await finder.fill("进度");
  await options.getByText("报送进度").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/progress\?/);
  await finder.fill("齐齐哈尔市");
  await options.filter({ hasText: /^齐齐哈尔市\s*地区$/ }).waitFor();
  await expectAccessible(page, "what a search found");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/progress\?.*scope=jurisdictions\/230200/);
  const [agency] = (await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency")).rows;
  await finder.fill(agency!.label);
  await options.getByText(agency!.label).first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.hash.startsWith("#/report") && url.hash.includes("owner=agencies"));
  // The initials of 齐齐哈尔市, as the service knows them.
  await finder.fill("qqhes");
  await options.filter({ hasText: /^齐齐哈尔市\s*地区$/ }).waitFor();
  await finder.fill("没有这样的名称");
  await options.getByText("没有匹配的结果").waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a table of one's own is what rollup answers, as a workbook too, and its link opens it again", async () => {
  const { page, complaints } = await open(browser, server, `/table?year=${YEAR}`);
  const form = page.locator("[data-test=own-table]");
  await form.getByLabel("添加指标").fill("不予公开");
  await page.keyboard.press("Enter");
  await form.getByRole("button", { name: "查看" }).click();
  const table = page.locator("[data-test=pivot]");
  await expect.poll(() => table.locator("thead th").count()).toBe(3);
  const answer = await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "child");
  const shown = async () => (await table.locator("tbody td:nth-child(2)").allInnerTexts()).map((text) => text.replaceAll(",", ""));
  expect(await shown()).toEqual(answer.rows.map((row) => row.count));
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "XLSX", exact: true }).click()]);
  const files = unzipSync(await readFile(await download.path()));
  const sheet = strFromU8(files["xl/worksheets/sheet1.xml"]!);
  const numbers = [...sheet.matchAll(/<c r="B(\d+)"[^>]*><v>(\d+)<\/v>/g)].map(([, , value]) => value);
  expect(numbers.slice(-answer.rows.length - 1)).toEqual([...answer.rows.map((row) => row.count), answer.totals[0]!.count]);
  const again = await open(browser, server, new URL(page.url()).hash.slice(1));
  await expect.poll(async () => (await again.page.locator("[data-test=pivot] tbody td:nth-child(2)").allInnerTexts()).map((text) => text.replaceAll(",", ""))).toEqual(await shown());
  expect(complaints).toEqual([]);
  for (const one of [page, again.page]) await one.context().close();
});

test("a table is made of places and agencies chosen one by one, true as of one moment, and had in every format", async () => {
  const { page, complaints } = await open(browser, server, `/table?year=${YEAR}`);
  const form = page.locator("[data-test=own-table]");
  await form.locator("select").first().selectOption("chosen");
  const [agency] = (await rollup(server, "jurisdictions/230200", "--year", String(YEAR), "--measure", "received", "--by", "agency")).rows;
  const add = async (text: string) => {
    await form.getByLabel("添加地区或单位").fill(text);
    await form.getByRole("button", { name: "查找" }).click();
    await form.locator(".picker .found").getByRole("button", { name: text, exact: true }).first().click();
  };
  for (const text of ["哈尔滨市", "大庆市", agency!.label]) await add(text);
  await form.getByRole("button", { name: "查看" }).click();
  const table = page.locator("[data-test=pivot]");
  const cells = async (of: string) => (await table.locator(`${of} td:nth-child(2)`).allInnerTexts()).map((text) => text.replaceAll(",", ""));
  await expect.poll(() => cells("tbody").then((found) => found.length)).toBe(3);
  const received = async (place: string) => (await rollup(server, place, "--year", String(YEAR), "--measure", "received")).totals[0]!.count;
  const wanted = [await received("jurisdictions/230100"), await received("jurisdictions/230600"), agency!.count];
  expect(await table.locator("tbody th").allInnerTexts()).toEqual(["哈尔滨市", "大庆市", agency!.label]);
  expect(await cells("tbody")).toEqual(wanted);
  expect(await cells("tfoot")).toEqual([String(wanted.reduce((sum, one) => sum + BigInt(one), 0n))]);
  await expectAccessible(page, "chosen places");
  for (const [format, begin] of [["DOCX", "PK"], ["XLSX", "PK"], ["HTML", "<!doctype html>"], ["CSV", "\u00ef\u00bb\u00bf"]] as const) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: format, exact: true }).click()]);
    expect(download.suggestedFilename().endsWith(`.${format.toLowerCase()}`)).toBe(true);
    expect((await readFile(await download.path(), "latin1")).slice(0, begin.length), format).toBe(begin);
  }
  // The province has the others in it: nothing is added up twice.
  await add("黑龙江省");
  await form.getByRole("button", { name: "查看" }).click();
  await page.locator("[data-test=nested]").waitFor();
  expect(await table.locator("tfoot").count()).toBe(0);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("places are found by the initials of their names, lists by former names too", async () => {
  const { page, complaints } = await open(browser, server, `/progress?year=${YEAR}`);
  const places = page.getByRole("combobox", { name: "查找地区" });
  await places.fill("hebs");
  await page.locator("#places [role=option]").filter({ hasText: /^哈尔滨市/ }).first().waitFor();
  await places.press("Enter");
  await page.waitForURL(/scope=jurisdictions\/230100/);
  const listed = page.locator("[data-test=listed]");
  await listed.waitFor();
  await page.getByRole("searchbox", { name: "查找单位" }).fill("gaj");
  const names = page.locator("[data-test=agencies] tbody th");
  await expect.poll(async () => (await names.allInnerTexts()).filter((name) => name.includes("公安局")).length).toBeGreaterThan(0);
  expect((await names.allInnerTexts()).filter((name) => !name.includes("公安局"))).toEqual([]);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a count is shown spread over all agencies, and charts are had as pictures", async () => {
  const { page, complaints } = await open(browser, server, `/overview?year=${YEAR}`);
  const places = page.locator("[data-test=places]");
  await places.getByLabel("显示方式").selectOption("spread");
  await places.getByText(/各单位的中位数：\d/).waitFor();
  const answer = await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency");
  const agencies = async () => (await places.locator("tbody td:nth-child(2)").allInnerTexts()).map((text) => Number(text.replaceAll(",", ""))).reduce((sum, one) => sum + one, 0);
  expect(await agencies()).toBe(answer.rows.length);
  for (const [name, begin] of [["PNG", "\x89PNG"], ["SVG", "<svg"]] as const) {
    const [download] = await Promise.all([page.waitForEvent("download"), places.getByRole("button", { name, exact: true }).click()]);
    const content = await readFile(await download.path(), "latin1");
    expect(content.slice(0, begin.length)).toBe(begin);
    // By itself it knows no style sheet.
    if (name === "PNG") continue;
    expect(content).not.toMatch(/light-dark|var\(/);
    // Nor this page's policy.
    const blank = await page.context().newPage();
    expect(await blank.evaluate((text) => new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror") === null, content)).toBe(true);
    await blank.close();
  }
  await places.getByLabel("显示方式").selectOption("tree");
  await places.locator(".chart svg text").getByText("哈尔滨市").first().waitFor({ state: "attached" });
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("what lies under the pointer is said with its exact figure, inside of its chart, and goes with the pointer", async () => {
  const { page, complaints } = await open(browser, server, `/overview?year=${YEAR}`);
  const card = page.locator("[data-test=places]");
  const [first] = (await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "child")).rows.sort((one, other) => Number(other.count) - Number(one.count));
  const bars = card.locator(".chart svg path[fill]:not([fill=none])");
  await bars.first().waitFor();
  // Charts are drawn by moving.
  await expect.poll(async () => (await bars.first().boundingBox())?.width).toBeGreaterThan(20);
  await page.waitForTimeout(500);
  const chart = (await card.locator(".chart").boundingBox())!;
  await page.mouse.move(chart.x + chart.width * 0.42, chart.y + 7);
  const tip = card.locator("[data-test=tip]");
  await tip.waitFor();
  expect(await tip.innerText()).toContain(Number(first!.count).toLocaleString("en"));
  const box = (await tip.boundingBox())!;
  expect(box.x).toBeGreaterThanOrEqual(chart.x);
  expect(box.x + box.width).toBeLessThanOrEqual(chart.x + chart.width + 1);
  await page.mouse.move(chart.x + chart.width / 2, chart.y - 60);
  await tip.waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("tables that are kept in two windows are all kept", async () => {
  const { page: first } = await open(browser, server, `/table?year=${YEAR}`);
  const second = await first.context().newPage();
  await second.goto(first.url());
  for (const [page, name] of [[first, "甲表"], [second, "乙表"]] as const) {
    await page.getByPlaceholder("名称").fill(name);
    await page.getByRole("button", { name: "以此名称保存在本浏览器" }).click();
    await page.getByRole("button", { name, exact: true }).waitFor();
  }
  await first.reload();
  for (const name of ["甲表", "乙表"]) await first.getByRole("button", { name, exact: true }).waitFor();
  await first.context().close();
});

test("places are ranked by how they changed over the agencies that are in both years", async () => {
  const { page, complaints } = await open(browser, server, `/overview?year=${YEAR}`);
  const places = page.locator("[data-test=places]");
  await places.getByLabel("显示方式").selectOption("change");
  const answer = await rollup(server, PROVINCE, "--year", `${YEAR - 1}..${YEAR}`, "--measure", "received", "--by", "child", "--by", "year", "--comparable", "--hierarchy-year", String(YEAR));
  await places.getByText(`两年均已计入的${answer.comparableAgencies}家单位`).waitFor();
  expect(answer.comparableAgencies).toBeGreaterThan(50);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("a map that the operator supplies shows the places, and a click on one goes there", async () => {
  const made = folder();
  const data = path.join(made.path, "data");
  await (await demo(160, `${YEAR - 1}..${YEAR}`, data)).stop();
  // One square beside the other, for every other place.
  const places = (await rollup(server, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "child")).rows.map((row) => row.place).filter((_, at) => at % 2 === 1);
  const square = (at: number) => [[[at, 0], [at + 1, 0], [at + 1, 1], [at, 1], [at, 0]]];
  const features = places.map((name, at) => ({ type: "Feature", properties: { adcode: name.split("/")[1] }, geometry: { type: "Polygon", coordinates: square(at) } }));
  const [map, config] = ["map.json", "config.toml"].map((name) => path.join(made.path, name));
  await writeFile(map!, JSON.stringify({ type: "FeatureCollection", features }));
  await writeFile(config!, `[dashboard]\nmap = ${JSON.stringify(map)}\n`);
  const mapped = await serve(data, "127.0.0.1:0", "--config", config!);
  const { page, complaints } = await open(browser, mapped, `/overview?year=${YEAR}`);
  const card = page.locator("[data-test=places]");
  await card.getByLabel("显示方式").selectOption("map");
  await expect.poll(() => card.locator(".chart svg path").count()).toBeGreaterThanOrEqual(places.length);
  await card.locator(".chart").click();
  await page.waitForURL((url) => places.some((name) => url.hash.includes(`scope=${name}`)));
  expect(complaints).toEqual([]);
  await page.context().close();
  await mapped.stop();
  made.remove();
});
