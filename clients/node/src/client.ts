/** Calls as a program wants them: safe to repeat, in time, and with what went wrong in words. */

import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, type Client as Stub, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Refused, Unreachable, problemOf } from "./errors.js";
import { CellKind, type CheckReportResponse, FormService } from "./gen/huizong/v1/filling_pb.js";
import {
  ReportService,
  type SubmitReportRequestSchema,
  type SubmitReportResponse,
  SubmitReportsRequestSchema,
} from "./gen/huizong/v1/report_pb.js";
import {
  Dimension,
  type QueryRollupRequestSchema,
  type QueryRollupResponse,
  RollupService,
  type RollupRow,
} from "./gen/huizong/v1/rollup_pb.js";
import { type Cells, filled, fromWire } from "./values.js";

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

export interface Settings {
  token?: string;
  /** File with the authority that issued the service's certificate, PEM; left out, those that this machine trusts. */
  ca?: string;
  deadlineMs?: number;
  language?: string;
}

/** A report to be handed in. */
export interface Submission {
  name: string;
  cells: Cells;
  /** Reasons for warnings, by rule. */
  answers?: Record<string, string>;
  etag?: string;
  correctionReason?: string;
  /** Made once for each report, and kept however often it is sent: made here where it is left out. */
  requestId?: string;
}

/** One sum: its group by dimension, its measure, and its exact value, a bigint or a decimal string. */
export interface Row {
  group: Record<string, string | number>;
  measure: string;
  value: ReturnType<typeof fromWire>;
}

export type DimensionName = Lowercase<Exclude<keyof typeof Dimension, "UNSPECIFIED">>;

/** A connection to the service at an address such as "http://127.0.0.1:7411". */
export class Client {
  readonly reports: Stub<typeof ReportService>;
  readonly forms: Stub<typeof FormService>;
  readonly rollups: Stub<typeof RollupService>;
  readonly #deadlineMs: number;

  constructor(
    readonly address = "http://127.0.0.1:7411",
    settings: Settings = {},
  ) {
    this.#deadlineMs = settings.deadlineMs ?? 30_000;
    const introduce: Interceptor = (next) => (request) => {
      request.header.set("accept-language", settings.language ?? "zh-CN");
      if (settings.token !== undefined) request.header.set("authorization", `Bearer ${settings.token}`);
      return next(request);
    };
    const nodeOptions = settings.ca === undefined ? {} : { ca: readFileSync(settings.ca) };
    const transport = createGrpcTransport({ baseUrl: address, nodeOptions, interceptors: [introduce] });
    this.reports = createClient(ReportService, transport);
    this.forms = createClient(FormService, transport);
    this.rollups = createClient(RollupService, transport);
  }

  /**
   * Makes a call with one answer: each attempt in time, and again where it may be answered otherwise then. Give a request that
   * changes something a requestId, so that it is done once.
   */
  async call<A>(attempt: (options: CallOptions) => Promise<A>): Promise<A> {
    for (let tried = 0; ; tried += 1) {
      try {
        return await attempt({ timeoutMs: this.#deadlineMs });
      } catch (error) {
        await this.#pause(error, tried);
      }
    }
  }

  /** Waits before the next attempt, or throws where there is none. */
  async #pause(thrown: unknown, tried: number): Promise<void> {
    const error = ConnectError.from(thrown);
    const problem = problemOf(error);
    const delay = problem?.retryDelay;
    const isPassing =
      error.code === Code.Unavailable ||
      error.code === Code.DeadlineExceeded ||
      // A connection that breaks, for nothing is cancelled here.
      (error.code === Code.Canceled && problem === undefined) ||
      (error.code === Code.ResourceExhausted && delay !== undefined);
    if (!isPassing || tried + 1 === ATTEMPTS) {
      if (problem !== undefined) throw new Refused(problem);
      if (isPassing) throw new Unreachable(`${this.address}: ${error.rawMessage}`, { cause: error });
      throw error;
    }
    const asked = delay === undefined ? 0 : Number(delay.seconds) * 1000 + delay.nanos / 1e6;
    const pause = Math.max(asked, Math.min(FIRST_PAUSE_MS * 2 ** tried, LONGEST_PAUSE_MS));
    // Not all at the same moment.
    await sleep(pause * (1 + Math.random() / 2));
  }

  /** Every cell of the form of a year with zero in it, but the totals: those are computed. To be filled in. */
  async zeros(year: number): Promise<Cells> {
    const layout = await this.call((options) => this.forms.getFormLayout({ year }, options));
    const tiles = layout.tables.flatMap((table) => table.tiles).filter((tile) => tile.cell !== "" && tile.addends.length === 0);
    return Object.fromEntries(tiles.map((tile) => [tile.cell, tile.cellKind === CellKind.AMOUNT ? "0" : 0]));
  }

  /** What the service thinks of a report: every finding in words. Nothing is stored. */
  check(submission: Submission): Promise<CheckReportResponse> {
    return this.call((options) => this.forms.checkReport({ submission: message(submission) }, options));
  }

  /** Hands a report in, such as "agencies/ID/reports/2022"; keep the receipt that comes back. Throws `Refused`. */
  submit(submission: Submission, validateOnly = false): Promise<SubmitReportResponse> {
    const request = { ...message(submission), validateOnly };
    return this.call((options) => this.reports.submitReport(request, options));
  }

  /**
   * Hands in many on one stream; what each came to, in their order. Where the connection breaks, what has no answer yet is
   * sent again on another: the ids make that safe.
   */
  async *submitAll(submissions: Iterable<Submission>): AsyncGenerator<[Submission, SubmitReportResponse | Refused]> {
    const rest = submissions[Symbol.iterator]();
    const waiting: [Submission, ReturnType<typeof message>][] = [];
    for (let tried = 0; ; tried += 1) {
      const again = [...waiting];
      async function* requests() {
        for (const [, submission] of again) yield create(SubmitReportsRequestSchema, { submission });
        for (let next = rest.next(); next.done !== true; next = rest.next()) {
          const submission = message(next.value);
          waiting.push([next.value, submission]);
          yield create(SubmitReportsRequestSchema, { submission });
        }
      }
      try {
        for await (const { result } of this.reports.submitReports(requests())) {
          tried = 0;
          const [submission] = waiting.shift() as (typeof waiting)[number];
          if (result.case === "refused") yield [submission, new Refused(result.value)];
          else if (result.case !== undefined) yield [submission, result.value];
        }
        return;
      } catch (error) {
        await this.#pause(error, tried);
      }
    }
  }

  /** Sums, row by row and page by page. */
  async *rollup(
    jurisdiction: string,
    measures: string[],
    years: number | [number, number],
    groupBy: DimensionName[] = [],
  ): AsyncGenerator<Row> {
    const [firstYear, lastYear] = typeof years === "number" ? [years, years] : years;
    const dimensions = groupBy.map((name) => Dimension[name.toUpperCase() as keyof typeof Dimension]);
    const question: MessageInitShape<typeof QueryRollupRequestSchema> = {
      scope: { jurisdiction }, firstYear, lastYear, measures, groupBy: dimensions,
    };
    for (let pageToken = ""; ; ) {
      const page = await this.call((options) => this.rollups.queryRollup({ ...question, pageToken }, options));
      for (const row of page.rows) yield { group: groupOf(row), measure: row.measure, value: fromWire(row.value) };
      if (page.nextPageToken === "") return;
      pageToken = page.nextPageToken;
    }
  }

  /** The sums, and each time that they change; goes on where it was when the connection breaks. */
  async *watch(
    jurisdiction: string,
    measures: string[],
    firstYear: number,
    heartbeatSeconds = 30,
  ): AsyncGenerator<QueryRollupResponse> {
    let resumeAfter = 0n;
    for (let tried = 0; ; tried += 1) {
      try {
        const question = { scope: { jurisdiction }, firstYear, measures, heartbeatSeconds, resumeAfter };
        for await (const update of this.rollups.watchRollup(question)) {
          tried = 0;
          resumeAfter = update.asOf;
          if (update.answer !== undefined) yield update.answer;
        }
        return;
      } catch (error) {
        await this.#pause(error, tried);
      }
    }
  }
}

function message(submission: Submission) {
  submission.requestId ??= randomUUID();
  const { name, etag, correctionReason, requestId } = submission;
  const answers = Object.entries(submission.answers ?? {}).map(([rule, reason]) => ({ rule, reason }));
  const request = { name, cells: filled(submission.cells), answers, etag, correctionReason, requestId };
  return request satisfies MessageInitShape<typeof SubmitReportRequestSchema>;
}

/** Values by dimension. */
function groupOf(row: RollupRow): Row["group"] {
  return Object.fromEntries(
    row.keys.map(({ dimension, value, label }) => {
      const isKind = value.case === "agencyKind" || value.case === "requesterType";
      const name = (Dimension[dimension] ?? "").toLowerCase();
      return [name, isKind ? (label?.zh ?? "") : (value.value ?? "")];
    }),
  );
}
