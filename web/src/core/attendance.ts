// Whether a person is there. What the dashboard asks by itself, to keep up with the service, must not keep a session from
// ending that nobody uses.

/** What comes from a person alone. */
const SIGNS = ["pointerdown", "keydown", "wheel"] as const;

/** For so long after a sign of a person calls are taken to be theirs. */
const ATTENDED_MS = 5000;

// Whoever opened the page was there.
let last = Date.now();

/** A person did something. */
export function attend(): void {
  last = Date.now();
}
for (const sign of SIGNS) globalThis.addEventListener?.(sign, attend, { capture: true, passive: true });

/** Whether a person may be behind a call that is made now. */
export function isAttended(): boolean {
  return Date.now() - last < ATTENDED_MS;
}
