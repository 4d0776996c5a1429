/** What a program that uses the client is promised, against the real service. HUIZONG names the program. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Socket, connect, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { Client, Refused, Unreachable } from "../src/index.js";
import { ReportState } from "../src/gen/huizong/v1/report_pb.js";

const PROVINCE = "jurisdictions/230000";
/** A total that is left blank is computed, and asks why. */
const COMPUTED = { "TOTAL-BLANK": "由系统计算" };

let program: ChildProcess;
let address = "";
let guest = "";
let client: Client;

before(async () => {
  const demo = ["demo", "--agencies", "300", "--years", "2022..2023", "--listen", "127.0.0.1:0"];
  program = spawn(process.env["HUIZONG"] as string, demo, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: program.stdout as NodeJS.ReadableStream })) {
    address = /Address: (http:\S+)/.exec(line)?.[1] ?? address;
    guest = /huizong submit \S+ --agency (\S+)/.exec(line)?.[1] ?? guest;
    if (guest !== "") break;
  }
  client = new Client(address);
});

after(() => program.kill());

async function cells(requests: number) {
  const filled = await client.zeros(2022);
  filled["requests.received.natural_person"] = requests;
  filled["requests.disclosed.natural_person"] = requests;
  return filled;
}

test("a report is stored once however often it is sent", async () => {
  const name = `agencies/${guest}/reports/2022`;
  const submission = { name, cells: await cells(12), answers: COMPUTED };
  const checked = await client.submit({ ...submission }, true);
  assert.equal(checked.receipt, undefined);
  const first = await client.submit(submission);
  const again = await client.submit(submission);
  assert.ok(again.alreadyStored);
  assert.equal(again.receipt?.revision, first.receipt?.revision);
  const stale = { name, cells: await cells(13), answers: COMPUTED, etag: "stale", correctionReason: "漏计" };
  await assert.rejects(client.submit(stale), (error) => error instanceof Refused && error.reason === "ETAG_MISMATCH");
});

test("a refusal says every rule that is broken and what to do", async () => {
  const name = `agencies/${guest}/reports/2023`;
  const wrong = { ...(await cells(12)), "requests.received.total": 99 };
  await assert.rejects(client.submit({ name, cells: wrong }), (error) => {
    assert.ok(error instanceof Refused && error.reason === "REPORT_INVALID");
    assert.ok(error.findings.some(({ rule, isError }) => isError && rule === "T3-ROW-TOTAL"));
    return error.message.includes("T3-ROW-TOTAL") && error.message.includes("→");
  });
  const hopeless = await client.zeros(2022);
  let number = 1000;
  for (const path of Object.keys(hopeless)) {
    if (hopeless[path] === 0) hopeless[path] = number += 7;
    if (path.endsWith(".natural_person")) hopeless[path.replace("natural_person", "total")] = 1;
  }
  const verdict = await client.check({ name, cells: hopeless });
  const errors = verdict.findings.filter(({ severity }) => severity === 1);
  await assert.rejects(client.submit({ name, cells: hopeless }), (error) => {
    const told = (error as Refused).findings.filter(({ isError }) => isError);
    assert.equal(told.length, errors.length);
    return told.length > 20 && told.every(({ cell }) => cell !== "");
  });
});

test("a service that is not there is an error of its own", async () => {
  const nobody = new Client("http://127.0.0.1:1", { deadlineMs: 200 });
  await assert.rejects(nobody.zeros(2022), Unreachable);
});

test("sums are exact and whole", async () => {
  const sum = async (groupBy: ("child_jurisdiction" | "agency")[]) => {
    let sum = 0n;
    for await (const { value } of client.rollup(PROVINCE, ["requests.received"], 2022, groupBy)) sum += value as bigint;
    return sum;
  };
  const whole = await sum([]);
  assert.ok(whole > 0n);
  assert.equal(await sum(["child_jurisdiction"]), whole);
  assert.equal(await sum(["agency"]), whole);
});

/** Stands before the service, and cuts each of the first connections off after so many bytes of answers. */
async function cut(bytesEach: number, times: number): Promise<[string, () => void]> {
  const sockets = new Set<Socket>();
  const server = createServer((caller) => {
    const service = connect(Number(new URL(address).port), "127.0.0.1");
    let passed = 0;
    const cuts = times-- > 0;
    const end = () => [caller, service].forEach((socket) => socket.destroy());
    for (const socket of [caller, service]) sockets.add(socket.on("error", end).on("close", end));
    caller.pipe(service);
    service.on("data", (data) => {
      caller.write(data);
      passed += data.length;
      if (cuts && passed > bytesEach) end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  };
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, close];
}

test("a stream goes on where it broke and stores nothing twice", async () => {
  const { reports } = await client.reports.listReports({ parent: "agencies/-", year: 2023, pageSize: 40 });
  const filled = await cells(5);
  const submissions = reports.map(({ name, etag }) => ({
    name, cells: filled, answers: COMPUTED, etag, correctionReason: "测试",
  }));
  const [through, close] = await cut(3000, 3);
  let stored = 0;
  let at = 0;
  for await (const [submission, result] of new Client(through).submitAll(submissions)) {
    assert.equal(submission, submissions[at++]);
    if (result instanceof Refused) continue;
    stored += 1;
    const { reports: revisions } = await client.reports.listReportRevisions({ name: submission.name });
    assert.equal(revisions.filter(({ correctionReason }) => correctionReason === "测试").length, 1);
  }
  close();
  assert.equal(at, submissions.length);
  assert.ok(stored > 0);
});

test("a watch tells of each change", async () => {
  const answers = client.watch(PROVINCE, ["requests.received"], 2023, 5);
  const first = (await answers.next()).value;
  const listed = { parent: "agencies/-", year: 2023, states: [ReportState.ACCEPTED], pageSize: 1 };
  const { name, etag } = (await client.reports.listReports(listed)).reports[0]!;
  await client.reports.withdrawReport({ name, etag, reason: "测试" });
  const second = (await answers.next()).value;
  assert.equal(second.coverage[0].included, first.coverage[0].included - 1);
  await answers.return(undefined);
});
