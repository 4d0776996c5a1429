// Measures the dashboard against a service with many agencies: npm run measure.
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["e2e/measure.ts"], testTimeout: 3_600_000, expect: { poll: { timeout: 300_000 } } } });
