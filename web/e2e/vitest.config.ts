// A browser against the real program: one file, its tests one after another, over one simulated province.
import { defineConfig } from "vitest/config";

// Every wait is for something that comes; how long it may take is a matter of the machine, and large.
export default defineConfig({
  test: { include: ["e2e/**/*.e2e.ts"], testTimeout: 600_000, hookTimeout: 240_000, fileParallelism: false, expect: { poll: { timeout: 120_000 } } },
});
