// What axe-core says of a page.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What breaks a rule: the page, the rule, and each element with why. Axe is put in by the browser, not by the page, whose CSP stays in force. */
async function violations(page: Page, name: string, runOnly: string[]): Promise<string[]> {
  await page.evaluate(await readFile(AXE, "utf8"));
  return page.evaluate(
    async ({ name, runOnly }) => {
      interface Found {
        id: string;
        nodes: { target: string[]; html: string; failureSummary?: string }[];
      }
      const axe = (globalThis as unknown as { axe: { run: (on: Document, options: object) => Promise<{ violations: Found[] }> } }).axe;
      const found = (await axe.run(document, { runOnly })).violations;
      return found.flatMap(({ id, nodes }) => nodes.slice(0, 3).map((node) => `${name}: ${id}: ${node.target.join(" ")}: ${node.html.slice(0, 200)}: ${node.failureSummary ?? ""}`));
    },
    { name, runOnly },
  );
}

/** No rule of axe-core is broken. */
export async function expectAccessible(page: Page, name: string) {
  expect(await violations(page, name, RULES)).toEqual([]);
}

/** Text stands out from its ground by 7 to 1 (WCAG AAA). */
export async function expectContrast(page: Page, name: string) {
  expect(await violations(page, name, ["color-contrast-enhanced"])).toEqual([]);
}

/** Nothing that is clicked is smaller than 24 px, or nearer to its neighbours, in a narrow font of low lines as in a broad one of large letters. */
export async function expectTargets(page: Page, name: string) {
  for (const font of ["* { font-family: sans-serif-condensed, serif !important; line-height: 1 !important; letter-spacing: -0.1em !important }", "* { font-family: monospace !important; letter-spacing: 0.2em !important }"]) {
    await page.evaluate((font) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(font);
      document.adoptedStyleSheets = [sheet];
    }, font);
    expect(await violations(page, `${name} with ${font}`, ["target-size"])).toEqual([]);
  }
}
