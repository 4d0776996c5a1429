// How fast the dashboard is at 10,000 agencies, in Chromium against the program; it prints figures, and judges none of them.
// AGENCIES says how many there are instead; DATA is a folder with a province of an earlier run, or for the next one.
import { existsSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import type { Browser, Page } from "playwright-core";
import { test } from "vitest";
import { browse, demo, loaded, open, serve, type Server } from "./program";

const AGENCIES = Number(process.env.AGENCIES ?? 10_000);
const DATA = process.env.DATA;
const YEARS = [2021, 2023] as const;
const YEAR = YEARS[1];
const RUNS = 5;
const GIB = 1 << 30;
const LATE_MS = 3000;
/** A frame of 60 in a second, and what the clock of a browser may be off by. */
const FRAME_MS = 1000 / 60 + 1;

/** Each page with what has to be there before its figures are. */
const PAGES: [what: string, view: string, there: string, text?: string][] = [
  ["overview: headlines", `/overview?year=${YEAR}`, '[data-measure="requests.received"]'],
  ["overview: compared with last year", `/overview?year=${YEAR}`, "[data-change]", "%"],
  ["overview: all charts", `/overview?year=${YEAR}`, "[data-test=disputes] .chart svg path"],
  ["progress: rates by place", `/progress?year=${YEAR}`, "[data-test=places] tbody tr"],
  ["progress: list of all agencies", `/progress?year=${YEAR}`, "[data-test=agencies] tbody tr"],
  ["roll-up form", `/form?year=${YEAR}`, "[data-test=form-hash]"],
  ["queue", `/queue?year=${YEAR}`, "[data-test=queue] li, .empty"],
  ["own table: a line by place and year", `/table?year=${YEAR}&lines=requests.received.total&rows=child&columns=year&from=${YEARS[0]}&to=${YEAR}`, "[data-test=pivot] tbody tr"],
  ["own table: a line by agency", `/table?year=${YEAR}&lines=requests.received.total&rows=agency&columns=measure&from=${YEAR}&to=${YEAR}`, "[data-test=pivot] tbody tr"],
  ["rules: how often each failed", `/rules?year=${YEAR}`, "[data-rule]"],
  ["registry", "/registry", "[data-test=tree] li"],
];

const middle = (numbers: number[]) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;
const print = (...cells: (string | number)[]) => console.log(`| ${cells.join(" | ")} |`);
const ms = (time: number) => `${Math.round(time)} ms`;

/** Waits in the page, from its own start on, and says when that was. */
const until = (page: Page, there: string, text: string) =>
  page
    .waitForFunction(({ there, text }) => ([...document.querySelectorAll(there)].some((one) => one.textContent?.includes(text)) ? performance.now() : undefined), { there, text }, { polling: "raf", timeout: 300_000 })
    .then(async (found) => Number(await found.jsonValue()));

async function cold(browser: Browser, server: Server, view: string, there: string, text: string) {
  const { page } = await open(browser, server, view);
  const time = await until(page, there, text);
  // What is loaded late, for charts that are drawn after the figures, counts.
  await page.waitForTimeout(LATE_MS);
  const size = (await loaded(page)).reduce((sum, one) => sum + one.size, 0);
  await page.context().close();
  return { time, size };
}

/** From a click in the menu, in a page that shows something else. */
async function warm(page: Page, server: Server, view: string, there: string, text: string) {
  await page.goto(`${server.url}/#/mine`);
  await page.waitForTimeout(500);
  const [begun] = await page.evaluate((view) => ((globalThis.location.hash = view), [performance.now()]), view);
  return (await until(page, there, text)) - (begun ?? 0);
}

/** Scrolls by the wheel for some seconds: how long each frame took. */
async function frames(page: Page, window: string): Promise<number[]> {
  const box = await page.locator(window).boundingBox();
  if (!box) return [];
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.evaluate(() => {
    const times: number[] = ((globalThis as unknown as { times: number[] }).times = []);
    let last = performance.now();
    const step = (now: number) => (times.push(now - last), (last = now), requestAnimationFrame(step));
    requestAnimationFrame(step);
  });
  for (let at = 0; at < 150; at += 1) {
    await page.mouse.wheel(0, 240);
    await page.waitForTimeout(16);
  }
  return page.evaluate(() => (globalThis as unknown as { times: number[] }).times.slice(5));
}

test("figures", async () => {
  const browser = await browse();
  const isKept = DATA !== undefined && existsSync(DATA);
  const server = isKept ? await serve(DATA) : await demo(AGENCIES, `${YEARS[0]}..${YEAR}`, DATA);
  console.log(`${AGENCIES} agencies, ${YEARS.join("–")}; ${cpus().length} × ${cpus()[0]?.model}, ${(totalmem() / GIB).toFixed(0)} GiB, ${type()} ${release()}, Chromium ${browser.version()}; ${process.env.HUIZONG?.includes("release") ? "release" : "debug"} build`);
  print("page", "first load, until it is there", "from within, until it is there", "sent for the first load");
  print("---", "--:", "--:", "--:");
  const { page } = await open(browser, server, "/mine");
  for (const [what, view, there, text = ""] of PAGES) {
    const loads = [];
    const turns = [];
    for (let run = 0; run < RUNS; run += 1) {
      loads.push(await cold(browser, server, view, there, text));
      turns.push(await warm(page, server, view, there, text));
    }
    print(what, ms(middle(loads.map(({ time }) => time))), ms(middle(turns)), `${(middle(loads.map(({ size }) => size)) / 1024).toFixed(0)} KB`);
  }
  print("scrolling", "rows", "frames", "of 60 in a second", "longest frame");
  print("---", "--:", "--:", "--:", "--:");
  for (const [what, view, window, rows] of [
    ["progress: list of all agencies", `/progress?year=${YEAR}`, ".long", "[data-test=agencies] tbody tr"],
    ["own table: a line by agency", PAGES.find(([what]) => what.includes("by agency"))![1], ".long", "[data-test=pivot] tbody tr"],
  ] as const) {
    await page.goto(`${server.url}/#${view}`);
    await page.locator(rows).first().waitFor();
    await page.locator(window).scrollIntoViewIfNeeded();
    const count = Number(await page.locator("table[aria-rowcount]").getAttribute("aria-rowcount")) - 1;
    await page.waitForTimeout(1500);
    const times = await frames(page, window);
    const good = times.filter((time) => time <= FRAME_MS).length;
    print(what, count, times.length, `${((100 * good) / times.length).toFixed(1)} %`, ms(Math.max(...times)));
  }
  await browser.close();
  await server.stop();
});
