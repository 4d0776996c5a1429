// The real program on a free port, and a real browser.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { chromium, type Browser, type Page } from "playwright-core";

export const ROOT = path.resolve(import.meta.dirname, "../..");
const PROGRAM = process.env.HUIZONG ?? path.join(ROOT, "target/debug/huizong");
/** For whatever a page is waited for. */
const TIMEOUT_MS = 120_000;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export interface Server {
  url: string;
  text: string;
  /** Token that commands carry, where the service asks for one. */
  token?: string;
  stop: () => Promise<void>;
}

/** Starts the program and waits until it says its address. */
async function start(args: string[], address: RegExp): Promise<Server> {
  const child: ChildProcess = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const url = await new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      text += stripVTControlCharacters(chunk.toString());
      const found = address.exec(text)?.[1];
      if (found) resolve(`http://${found}`);
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.on("exit", (code) => reject(new Error(`${args[0]} ended with ${code}: ${text}`)));
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      child.removeAllListeners("exit").on("exit", () => resolve());
      child.kill("SIGKILL");
    });
  return { url, text, stop };
}

/** A simulated province: in a folder that is gone at the end, or in one that stays. */
export async function demo(agencies: number, years: string, folder?: string): Promise<Server> {
  const kept = folder ? ["--data", folder] : [];
  return start(["demo", "--listen", "127.0.0.1:0", "--agencies", String(agencies), "--years", years, ...kept], /http:\/\/(127\.0\.0\.1:\d+)[\s\S]*Ctrl-C/);
}

/** The service over a folder; without any registry at first. */
export async function serve(folder: string, listen = "127.0.0.1:0", ...more: string[]): Promise<Server> {
  return start(["serve", "--data", folder, "--listen", listen, ...more], /address=(?:\S*?)(127\.0\.0\.1:\d+)/);
}

/** An address that nobody listens on. */
export async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

export function folder(): { path: string; remove: () => void } {
  const made = mkdtempSync(path.join(tmpdir(), "huizong-e2e-"));
  return { path: made, remove: () => rmSync(made, { recursive: true, force: true }) };
}

/** What a command prints that needs no server. */
export async function offline(...args: string[]): Promise<string> {
  return (await promisify(execFile)(PROGRAM, args)).stdout;
}

/** What a command prints. */
export async function command(server: Server, ...args: string[]): Promise<string> {
  const env = server.token ? { ...process.env, HUIZONG_TOKEN: server.token } : process.env;
  const { stdout } = await promisify(execFile)(PROGRAM, ["--server", server.url, ...args], { maxBuffer: 64 << 20, env });
  return stdout;
}

/** What a command prints as JSON. */
export async function run(server: Server, ...args: string[]): Promise<unknown> {
  return JSON.parse(await command(server, "--format", "json", ...args));
}

export async function browse(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** Opens a view, and collects whatever the browser complains about: errors of scripts, and breaches of the CSP. */
export async function open(browser: Browser, server: Server, view: string, options: Parameters<Browser["newContext"]>[0] = {}): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, locale: "zh-CN", ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(`${server.url}/#${view}`);
  return { page, complaints };
}

/** The files of the dashboard that a page has loaded, with their sizes as they were sent. */
export function loaded(page: Page): Promise<{ name: string; size: number }[]> {
  return page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .map((entry) => ({ name: entry.name, size: (entry as PerformanceResourceTiming).transferSize }))
      .filter(({ name }) => /\/(#.*)?$|\/assets\/|\.svg$/.test(name)),
  );
}

/** Sums as the command line gives them, flat: a row with what it is grouped by and its count. */
export interface Sums {
  rows: { key: string; place: string; label: string; measure: string; count: string }[];
  totals: { measure: string; count: string }[];
  asOf: string;
  comparableAgencies?: number;
}

interface Printed {
  keys?: { agency?: string; jurisdiction?: string; year?: number; label: { zh: string } }[];
  measure: string;
  value?: { count?: string };
}

/** The answer of `huizong rollup`. */
export async function rollup(server: Server, ...args: string[]): Promise<Sums> {
  const answer = (await run(server, "rollup", ...args)) as { rows?: Printed[]; totals?: Printed[]; asOf: string; comparableAgencies?: number };
  const flat = ({ keys, measure, value }: Printed) => ({ key: keys?.[0]?.agency ?? String(keys?.[0]?.year ?? ""), place: keys?.[0]?.jurisdiction ?? "", label: keys?.[0]?.label.zh ?? "", measure, count: value?.count ?? "0" });
  return { ...answer, rows: (answer.rows ?? []).map(flat), totals: (answer.totals ?? []).map(flat) };
}
