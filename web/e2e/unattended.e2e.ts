import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { guarded, type Guarded } from "./guarded";
import { browse, command, open, rollup } from "./program";

const PROVINCE = "jurisdictions/230000";
const YEAR = 2023;

let browser: Browser;
let server: Guarded;

beforeAll(async () => {
  [browser, server] = await Promise.all([browse(), guarded(160, `${YEAR - 1}..${YEAR}`, "session_idle_seconds = 4")]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("a page that nobody looks at asks to sign in again, however much changes on it", async () => {
  const reviewer = { ...server, token: await server.admit("reviewer", `reviewer ${PROVINCE}`) };
  const { page } = await open(browser, server, `/?year=${YEAR}`);
  const asked: (string | undefined)[] = [];
  page.on("request", (request) => request.url().includes("QueryRollup") && asked.push(request.headers()["x-huizong-unattended"]));
  await page.getByLabel("访问令牌").fill(await server.admit("viewer", `viewer ${PROVINCE}`));
  await page.getByRole("button", { name: "登录" }).click();
  await page.locator('[data-measure="requests.received"]').waitFor();
  const listed = await rollup(reviewer, PROVINCE, "--year", String(YEAR), "--measure", "received", "--by", "agency");
  // Each withdrawal changes the page, which asks anew.
  const signIn = page.locator("[data-test=sign-in]");
  for (const { key } of listed.rows) {
    if (await signIn.isVisible()) break;
    await command(reviewer, "report", "withdraw", `${key}/reports/${YEAR}`, "--reason", "数字须重新核对");
    await page.waitForTimeout(500);
  }
  expect(await signIn.isVisible()).toBe(true);
  // What came of signing in was the person's, and what came later was not.
  expect(asked[0]).toBeUndefined();
  expect(asked.at(-1)).toBe("1");
  await page.context().close();
});
