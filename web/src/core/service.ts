// The clients of the service over gRPC-Web that nearly every page uses (the others are in clients), and its refusals as values.
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { ref, watch } from "vue";
import { AccessService } from "../gen/huizong/v1/access_pb";
import { ErrorReason, ProblemSchema, type Problem } from "../gen/huizong/v1/problem_pb";
import { RegistryService } from "../gen/huizong/v1/registry_pb";
import { ReportService } from "../gen/huizong/v1/report_pb";
import { RollupService } from "../gen/huizong/v1/rollup_pb";
import { isAttended } from "./attendance";
import { joined, language, say, t } from "./language";
import { AT_LEAST_HEADER, later, POSITION_HEADER } from "./position";
import { spoken } from "./spoken";
import type { Word } from "./words";
import type { LocalizedText } from "../gen/huizong/v1/problem_pb";

const KEY = "huizong.principal";

/** Who sits here, for reviews and receipts, where the service does not ask for credentials. */
export const principal = ref(globalThis.localStorage?.getItem(KEY) ?? "");
watch(principal, (name) => globalThis.localStorage?.getItem(KEY) !== name && globalThis.localStorage?.setItem(KEY, name), { flush: "sync" });
// All tabs of a browser act in one name, and each shows it.
globalThis.addEventListener?.("storage", ({ key, newValue }) => key === KEY && (principal.value = newValue ?? ""));

/** The service asks who calls, and nobody is signed in, or no longer. */
export const signInNeeded = ref(false);

/** Whom the page shows as signed in; nothing is called in the name of anybody else. */
export const shown = ref("");

/** Who has signed in in this browser since, in another tab. */
export const signedInSince = ref("");

/** Without it the cookie of a session is not taken: no page of another site can send it. */
export const SESSION_HEADER = "x-huizong-session";

/** Calls that carry it are made by the page itself, and do not keep a session from ending. */
const UNATTENDED_HEADER = "x-huizong-unattended";

/** Whom the page shows: calls that carry it are refused where somebody else is signed in. */
export const SHOWN_HEADER = "x-huizong-shown";

const identify: Interceptor = (next) => (request) => {
  if (principal.value.trim()) request.header.set("huizong-principal", encodeURIComponent(principal.value.trim()));
  request.header.set(SESSION_HEADER, "1");
  if (shown.value) request.header.set(SHOWN_HEADER, shown.value);
  if (!isAttended()) request.header.set(UNATTENDED_HEADER, "1");
  request.header.set("accept-language", language.value === "zh" ? "zh-CN" : "en");
  return next(request);
};

function notice(error: unknown): never {
  if (ConnectError.from(error).code === Code.Unauthenticated) {
    const why = refusal(error);
    signedInSince.value = why.reason === "CALLER_CHANGED" ? (why.problem?.metadata.principal ?? "") : "";
    signInNeeded.value = true;
  }
  throw error;
}
async function* noticing<M>(messages: AsyncIterable<M>): AsyncIterable<M> {
  try {
    yield* messages;
  } catch (error) {
    notice(error);
  }
}
/** Whichever call is refused for want of credentials leads to signing in. */
const guard: Interceptor = (next) => async (request) => {
  const response = await next(request).catch(notice);
  return response.stream ? { ...response, message: noticing(response.message) } : response;
};

let position = "";

/** Whichever instance of the service answers shows what was shown before. */
const follow: Interceptor = (next) => async (request) => {
  if (position) request.header.set(AT_LEAST_HEADER, position);
  try {
    const response = await next(request);
    position = later(position, response.header.get(POSITION_HEADER) ?? "");
    return response;
  } catch (error) {
    // What was shown is not there any more, or not yet: the next answer is taken as it is.
    if (refusal(error).reason === "STORE_UNAVAILABLE") position = "";
    throw error;
  }
};

export const transport = createGrpcWebTransport({
  baseUrl: globalThis.location?.origin ?? "http://127.0.0.1:7411",
  useBinaryFormat: true,
  interceptors: [guard, identify, follow],
});

export const reports = createClient(ReportService, transport);
export const rollups = createClient(RollupService, transport);
export const registry = createClient(RegistryService, transport);
export const access = createClient(AccessService, transport);

/** A refusal as the screen shows it. */
export interface Refusal {
  code: Code;
  reason: string;
  problem: Problem | undefined;
  /** The service cannot be reached, gave no reason of its own, or is one instance of several that is of no use just now: the call
   * may be tried again as it is, and loads are. */
  passing: boolean;
}

const PASSING = [Code.Unavailable, Code.DeadlineExceeded, Code.Unknown, Code.ResourceExhausted, Code.Internal];
const PASSING_REASONS = [ErrorReason.STOPPING, ErrorReason.STORE_UNAVAILABLE];

export function refusal(error: unknown): Refusal {
  const known = ConnectError.from(error);
  const problem = known.findDetails(ProblemSchema)[0];
  const passing = problem ? PASSING_REASONS.includes(problem.reason) : PASSING.includes(known.code);
  return { code: known.code, reason: problem ? ErrorReason[problem.reason] : Code[known.code], problem, passing };
}

export function isCancelled(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Canceled;
}

/** A text of the service as a sentence for officials. */
export function sentence(text: string): string {
  const whole = spoken(text).trim();
  if (whole === "" || /[。！？.!?：:]$/.test(whole)) return whole;
  return `${whole}${language.value === "zh" ? "。" : "."}`;
}

/** What officials call the fields of a request; a field that is none of theirs is not named. */
const FIELDS: Record<string, Word> = {
  agency: "agency", code: "code", display_name: "name", due_time: "due", first_year: "year", jurisdiction: "jurisdiction", last_year: "year",
  duty: "contactDuty", email: "contactEmail", lock_time: "lock", measures: "lines", parent: "jurisdiction", reason: "exceptionReason", subject: "remindSubject", telephone: "contactTelephone", text: "remindText", year: "year",
};
/** What is wrong with one field, by the last word of its path: `scope.states[0]` is `states`. */
function violationText({ field, description }: { field: string; description?: LocalizedText | undefined }): string {
  const word = FIELDS[field.split(".").at(-1)!.replace(/\[\d+\]$/, "")];
  return word ? `${t(word)}${t("colon")}${say(description)}` : say(description);
}

/** What is wrong, and what to do, in the reader's language. */
export function refusalText(refusal: Refusal, retrying = false): string {
  if (!refusal.problem) return t(!refusal.passing ? "failed" : retrying ? "retrying" : "unreachable", { reason: refusal.reason });
  const { message, remedy, fieldViolations } = refusal.problem;
  const wrong = fieldViolations.length > 0 ? fieldViolations.map(violationText) : [say(message)];
  return joined(...[...wrong, say(remedy)].map(sentence));
}
