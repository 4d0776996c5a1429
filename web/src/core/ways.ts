// How people sign in: with the government's identity provider, with a token, or either.
import { shallowRef } from "vue";
import { language } from "./language";

/** A text in both languages, as pages outside gRPC get it. */
export interface Both { zh: string; en: string }

export interface Ways {
  /** What the identity provider is called; none where there is none. */
  provider: Both | null;
  /** The page takes tokens. */
  tokens: boolean;
  /** Why whoever comes back from the provider was not signed in. */
  refused: { reason: string; message: Both; remedy: Both } | null;
}

/** Who signed out here may be signed in at the provider still, which cannot be asked to end that. */
export const leftAlone = shallowRef(false);

export const inLanguage = (text: Both) => (language.value === "zh" ? text.zh : text.en);

/** Asks the service; where it cannot say, tokens are what it always takes. */
export async function ways(): Promise<Ways> {
  try {
    const answer = await fetch("/session/ways");
    if (answer.ok) return (await answer.json()) as Ways;
  } catch {
    // Signing in says that the service cannot be reached.
  }
  return { provider: null, tokens: true, refused: null };
}

/** Where the browser goes to sign in with the provider, and from there back to this page of the router. */
export const providerAddress = (page: string) => `/session/provider?back=${encodeURIComponent(`/#${page}`)}`;

/** Tells the other tabs of this browser that somebody signed in. */
const tabs = globalThis.BroadcastChannel ? new BroadcastChannel("huizong.session") : undefined;
export const tellTabs = () => tabs?.postMessage("signed in");
export const onSignInElsewhere = (act: () => void) => tabs?.addEventListener("message", act);
