/** What a call may come to, other than its answer. */

import { type ConnectError } from "@connectrpc/connect";
import { FormSchema } from "./gen/huizong/v1/form_pb.js";
import { ErrorReason, type Problem, ProblemSchema, Severity } from "./gen/huizong/v1/problem_pb.js";

/** One rule that a report breaks in one place; its words are empty where the refusal had no room for them. */
export interface Finding {
  rule: string;
  isError: boolean;
  /** Path of its first cell; empty where it is about none. */
  cell: string;
  zh: string;
  en: string;
  remedyZh: string;
  remedyEn: string;
}

/** Nobody answers at the address, or not in time, however often it was tried. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

/** The service refused. Its message says why and what to do, in Chinese and English. */
export class Refused extends Error {
  override name = "Refused";

  constructor(readonly problem: Problem) {
    super(words(problem));
  }

  /** Such as "REPORT_INVALID". */
  get reason(): string {
    return ErrorReason[this.problem.reason] ?? String(this.problem.reason);
  }

  /** Every finding: those that are told in full, then those that are told in brief. */
  get findings(): Finding[] {
    return findingsOf(this.problem);
  }
}

/** The problem in the details of an error; undefined where it is not the service's own. */
export function problemOf(error: ConnectError): Problem | undefined {
  return error.findDetails(ProblemSchema)[0];
}

function findingsOf(problem: Problem): Finding[] {
  const full = problem.findings.map((finding) => ({
    rule: finding.rule,
    isError: finding.severity === Severity.ERROR,
    cell: [...finding.left, ...finding.right][0]?.cell ?? "",
    zh: finding.message?.zh ?? "",
    en: finding.message?.en ?? "",
    remedyZh: finding.remedy?.zh ?? "",
    remedyEn: finding.remedy?.en ?? "",
  }));
  const brief = problem.briefFindings.flatMap((of) =>
    of.cells.map((cell) => {
      const words = { zh: "", en: "", remedyZh: "", remedyEn: "" };
      return { rule: of.rule, isError: of.severity === Severity.ERROR, cell: path(cell), ...words };
    }),
  );
  return [...full, ...brief];
}

/** The path of a cell that the numbers of fields lead to from Form. */
function path(numbers: Uint8Array): string {
  let message = FormSchema as { fields: readonly (typeof FormSchema.fields)[number][] };
  const names: string[] = [];
  for (const number of numbers) {
    const field = message.fields.find((field) => field.number === number);
    if (field === undefined) return "";
    names.push(field.name);
    if (field.fieldKind === "message") message = field.message;
  }
  return names.join(".");
}

function words(problem: Problem): string {
  const lines = [ErrorReason[problem.reason] ?? "", `  ${problem.message?.zh}`, `  ${problem.message?.en}`];
  for (const { field, description } of problem.fieldViolations) lines.push(`  - ${field}: ${description?.zh} ${description?.en}`);
  for (const { message } of problem.diagnoses) lines.push(`  ☞ ${message?.zh} ${message?.en}`);
  for (const finding of findingsOf(problem)) {
    lines.push(`  ${finding.isError ? "✗" : "!"} ${finding.rule} ${finding.cell}`);
    lines.push(...[finding.zh, finding.en, finding.remedyZh].filter(Boolean).map((text) => `      ${text}`));
  }
  lines.push(`  → ${problem.remedy?.zh} ${problem.remedy?.en}`);
  return lines.join("\n");
}
