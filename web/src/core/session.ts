// Who is signed in, and what the roles of whoever it is offer on the screen. What is allowed, the service decides at
// each call; a service that does not ask who calls offers everything.
import { Code } from "@connectrpc/connect";
import { computed, shallowRef } from "vue";
import { RoleKind, type GetCallerResponse } from "../gen/huizong/v1/access_pb";
import { say, t } from "./language";
import { access, principal, type Refusal, refusal, sentence, SESSION_HEADER, shown, SHOWN_HEADER, signedInSince, signInNeeded } from "./service";
import { leftAlone, onSignInElsewhere, tellTabs } from "./ways";

/** Who the service takes the caller to be; undefined until it has said so, and after signing out. */
export const caller = shallowRef<GetCallerResponse>();
/** Why it is not known who calls, while the service cannot be reached. */
export const unrecognised = shallowRef<Refusal>();

const scopesOf = (...kinds: RoleKind[]) => (caller.value?.roles ?? []).filter((role) => kinds.includes(role.kind)).map((role) => role.scope);
const isOpen = computed(() => caller.value?.unrestricted === true);

/** Jurisdictions whose sums the caller sees; empty where it sees all, or none. */
export const scopes = computed(() => scopesOf(RoleKind.REVIEWER, RoleKind.VIEWER));
/** Owners whose reports the caller hands in: agencies, or jurisdictions for their consolidated reports. */
export const owners = computed(() => scopesOf(RoleKind.SUBMITTER));
export const seesSums = computed(() => isOpen.value || scopes.value.length > 0);
export const reviews = computed(() => isOpen.value || scopesOf(RoleKind.REVIEWER).length > 0);
export const submits = computed(() => isOpen.value || owners.value.length > 0);
/** Who keeps the registry and the collections. */
export const administers = computed(() => isOpen.value || scopesOf(RoleKind.SYSTEM_ADMINISTRATOR).length > 0);
/** Who may give agencies more time. */
export const extendsTime = computed(() => administers.value || reviews.value);
/** Who may know whom to ask at an agency, as far as the page can tell: itself, who reviews it, and who keeps the registry. */
export const knowsContacts = (agency: string) => extendsTime.value || owners.value.includes(agency);
/** Who keeps accounts and roles. */
export const secures = computed(() => isOpen.value || scopesOf(RoleKind.SECURITY_ADMINISTRATOR).length > 0);
/** Who reads the journal. */
export const audits = computed(() => isOpen.value || scopesOf(RoleKind.AUDITOR).length > 0);
export const holdsPower = computed(() => administers.value || secures.value || audits.value);
/** In whose name the page acts: who is signed in, or who says to sit here. */
export const actor = computed(() => (isOpen.value ? principal.value.trim() : (caller.value?.principal ?? "")));
/** Under whose name this browser keeps what somebody writes or sets up here; no name where nobody is asked for one. */
export const keeper = computed(() => (isOpen.value ? "" : (caller.value?.principal ?? "")));
export const isSignedIn = computed(() => caller.value !== undefined && !isOpen.value);

const RETRY_MS = 2000;

/** Asks who calls, until the service answers; without credentials there is nobody until somebody signs in. */
export async function recognise(): Promise<void> {
  shown.value = "";
  for (;;) {
    try {
      const known = await access.getCaller({});
      // The same caller again changes nothing of what is on the screen.
      const isSame = JSON.stringify([known.principal, known.roles]) === JSON.stringify([caller.value?.principal, caller.value?.roles]);
      if (!isSame || known.unrestricted !== caller.value?.unrestricted) caller.value = known;
      unrecognised.value = undefined;
      shown.value = known.unrestricted ? "" : known.principal;
      signedInSince.value = "";
      signInNeeded.value = false;
      leftAlone.value = false;
      return;
    } catch (error) {
      const why = refusal(error);
      unrecognised.value = why.code === Code.Unauthenticated ? undefined : why;
      if (!unrecognised.value) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Signs in with a token; says in the reader's language why not. */
export async function signIn(token: string): Promise<string | undefined> {
  try {
    const answer = await session("POST", JSON.stringify({ token }));
    if (!answer.ok) return whyNot(answer);
  } catch {
    return t("unreachable");
  }
  await recognise();
  if (signInNeeded.value) return t("cookieRefused");
  tellTabs();
  return undefined;
}

/** Goes on where another tab has signed in; a page that shows somebody else learns of it by a call, and says so instead. */
onSignInElsewhere(() => {
  if (signInNeeded.value && !signedInSince.value) void recognise();
  else if (isSignedIn.value) void access.getCaller({}).catch(() => undefined);
});

/** Ends the session, and forgets what was on the screen. Who signed in with the identity provider signs out there, too. */
export async function signOut(): Promise<void> {
  const answer = await session("DELETE").catch(() => undefined);
  if (answer && answer.status >= 500) {
    // Other instances could not be told: the session goes on, and who leaves must know.
    globalThis.alert(await problemOf(answer));
    return;
  }
  const ended: { provider?: { sign_out: string | null } } = answer?.status === 200 ? await answer.json().catch(() => ({})) : {};
  caller.value = undefined;
  leftAlone.value = ended.provider?.sign_out === null;
  if (ended.provider?.sign_out) globalThis.location.assign(ended.provider.sign_out);
  else signInNeeded.value = true;
}

const session = (method: string, body?: string) => fetch("/session", { method, headers: { [SESSION_HEADER]: "1", "content-type": "application/json", ...(method === "DELETE" && shown.value ? { [SHOWN_HEADER]: shown.value } : {}) }, ...(body ? { body } : {}) });

async function problemOf(answer: Response): Promise<string> {
  const problem: { message?: { zh: string; en: string } } = await answer.json().catch(() => ({}));
  return sentence(problem.message ? say({ $typeName: "huizong.v1.LocalizedText", ...problem.message }) : t("failed", { reason: answer.status }));
}

async function whyNot(answer: Response): Promise<string> {
  const wait = Number(answer.headers.get("retry-after"));
  const minutes = Math.ceil(wait / 60);
  return `${await problemOf(answer)} ${wait > 0 ? t("waitMinutes", { minutes }) : t("signInHelp")}`;
}
