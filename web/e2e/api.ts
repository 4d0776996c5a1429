// The service as a client of its own calls it: for what a test needs to have happened before.
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { ReportService, ReportState } from "../src/gen/huizong/v1/report_pb";
import type { Server } from "./program";

/** Hands in some accepted reports of a year once more, so that they wait for review; says whose. */
export async function handInAgain(server: Server, year: number, count: number): Promise<string[]> {
  const transport = createGrpcWebTransport({ baseUrl: server.url, interceptors: [(next) => (request) => (request.header.set("huizong-principal", encodeURIComponent("填报员")), next(request))] });
  const client = createClient(ReportService, transport);
  const { reports } = await client.listReports({ parent: "agencies/-", year, states: [ReportState.ACCEPTED], pageSize: count });
  for (const { name } of reports) {
    const { report } = await client.getReport({ name });
    if (report) await client.submitReport({ name, form: report.form!, answers: report.answers, etag: report.etag, correctionReason: "补充说明", allowUnchanged: true });
  }
  return reports.map(({ name }) => name);
}
