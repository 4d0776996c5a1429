import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessible";
import { guardedAt, type Guarded } from "./guarded";
import { CLIENT, consent, identityProvider, principalOf, sayWho, withoutFonts, type IdentityProvider } from "./identity";
import { browse, command, folder, freeAddress, open } from "./program";

const CITY = "jurisdictions/230100";
const YEAR = 2023;
const IDLE_SECONDS = 6;

interface Both {
  server: Guarded;
  provider: IdentityProvider;
  /** Gives a person a role, such as "viewer jurisdictions/230000". */
  grant: (name: string, role: string) => Promise<string>;
  stop: () => Promise<void>;
}

let browser: Browser;
let both: Both;

/** The service and a provider that know each other; `access` and `oidc` are further lines of these sections. */
async function together(access: string[], oidc: string[]): Promise<Both> {
  const address = await freeAddress();
  const provider = await identityProvider(`http://${address}`);
  const kept = folder();
  const secret = path.join(kept.path, "secret");
  writeFileSync(secret, provider.secret);
  const server = await guardedAt(
    address, 160, `${YEAR - 1}..${YEAR}`, ...access,
    "[access.oidc]", `issuer = "${provider.issuer}"`, `client_id = "${CLIENT}"`, `client_secret_file = "${secret}"`,
    'principal_claim = "preferred_username"', 'scopes = ["openid", "profile"]', 'contact = "信息中心 010-1234"', ...oidc,
    "[server]", `public_url = "http://${address}"`,
  );
  const grant = (name: string, role: string) => command(server, "credential", "grant", "--new", principalOf(name), ...role.split(" "));
  const stop = async () => {
    await server.stop();
    await provider.stop();
    kept.remove();
  };
  return { server, provider, grant, stop };
}

beforeAll(async () => {
  browser = await browse();
  both = await together([], ['name_zh = "省统一身份认证"', 'name_en = "the provincial sign-on"']);
});
afterAll(async () => {
  await browser?.close();
  await both?.stop();
});

async function visit(of: Both, view: string): Promise<Page> {
  const { page } = await open(browser, of.server, view);
  await withoutFonts(page);
  return page;
}
const withProvider = (page: Page) => page.locator("[data-test=provider]");
const who = (page: Page) => page.locator("[data-test=who]");

test("somebody with a role signs in with the provider, goes on where they were, and signs out at both", async () => {
  await both.grant("zhang", `viewer ${CITY}`);
  const page = await visit(both, `/rules?year=${YEAR}`);
  await withProvider(page).waitFor();
  expect(await withProvider(page).innerText()).toContain("省统一身份认证");
  expect(await page.getByLabel("访问令牌").isVisible()).toBe(true);
  await expectAccessible(page, "sign-in with a provider");
  await withProvider(page).click();
  await sayWho(page, "zhang");
  await consent(page);
  await who(page).getByText(principalOf("zhang")).waitFor();
  expect(page.url()).toContain(`/#/rules?year=${YEAR}`);
  expect(page.url()).not.toContain("code=");
  await page.locator("[data-rule]").first().waitFor();
  await page.getByRole("button", { name: "退出登录" }).click();
  await page.getByRole("button", { name: "Yes, sign me out" }).click();
  await withProvider(page).waitFor();
  // The provider asks anew who it is: the session there has ended, too.
  await withProvider(page).click();
  await page.locator("input[name=login]").waitFor();
  await page.context().close();
});

test("tokens by every algorithm that is allowed are believed", async () => {
  await both.grant("li", `viewer ${CITY}`);
  const page = await visit(both, "/rules");
  try {
    for (const algorithm of ["PS256", "ES256", "EdDSA", "RS256"]) {
      await both.provider.sign(algorithm);
      await withProvider(page).click();
      // Known from the first time on, the provider asks nothing.
      if (algorithm === "PS256") {
        await sayWho(page, "li");
        await consent(page);
      }
      await who(page).getByText(principalOf("li")).waitFor();
      await page.evaluate(() => fetch("/session", { method: "DELETE", headers: { "x-huizong-session": "1" } }));
      await page.reload();
      await withProvider(page).waitFor();
    }
  } finally {
    await both.provider.sign("RS256");
  }
  await page.context().close();
});

test("somebody without a role is told so in words, and whom to ask", async () => {
  const page = await visit(both, "/");
  await withProvider(page).click();
  await sayWho(page, "stranger");
  await consent(page);
  const told = page.locator("[data-test=provider-refused]");
  await told.getByText(`身份认证平台确认您是“${principalOf("stranger")}”`).waitFor();
  expect(await told.innerText()).toContain("信息中心 010-1234");
  expect(await told.getAttribute("data-reason")).toBe("PRINCIPAL_UNKNOWN");
  await page.getByRole("button", { name: "English" }).click();
  await told.getByText(`the identity provider says that you are "${principalOf("stranger")}"`).waitFor();
  await expectAccessible(page, "not let in");
  expect(await who(page).count()).toBe(0);
  // It is said of this attempt, and not for ever.
  await page.reload();
  await withProvider(page).waitFor();
  expect(await told.count()).toBe(0);
  await page.context().close();
});

test("who does not consent is not signed in, and told so", async () => {
  const page = await visit(both, "/rules");
  await withProvider(page).click();
  await page.getByText("Cancel").click();
  await page.locator("[data-test=provider-refused]").getByText("未同意登录").waitFor();
  expect(page.url()).toContain("/#/rules");
  await page.context().close();
});

test("where a session ended while nobody used it, another tab signs in and the page goes on with what was typed", async () => {
  const brief = await together([`session_idle_seconds = ${IDLE_SECONDS}`], ["offer_tokens = false"]);
  try {
    await brief.grant("wang", `submitter ${brief.server.guest}`);
    const page = await visit(brief, `/submit?year=${YEAR}&owner=${brief.server.guest}`);
    await withProvider(page).waitFor();
    expect(await page.getByLabel("访问令牌").count()).toBe(0);
    await withProvider(page).click();
    await sayWho(page, "wang");
    await consent(page);
    const cell = page.locator('[data-cell="requests.received.natural_person"] input');
    await cell.fill("17");
    // Nobody touches the page until the session has ended; what is asked then brings up the sign-in page.
    await page.waitForTimeout((IDLE_SECONDS + 1) * 1000);
    await page.locator("[data-test=check]").click();
    await page.getByText(`${principalOf("wang")}的登录已超时`).waitFor();
    expect(await cell.isVisible()).toBe(false);
    const [other] = await Promise.all([page.context().waitForEvent("page"), withProvider(page).click()]);
    // The provider knows them yet, and asks nothing.
    await who(other).getByText(principalOf("wang")).waitFor();
    await cell.waitFor();
    expect(await cell.inputValue()).toBe("17");
    await page.context().close();
  } finally {
    await brief.stop();
  }
});
