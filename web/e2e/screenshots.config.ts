// Makes the pictures of the documentation from a simulated province: make screenshots.
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["e2e/screenshots.ts"], testTimeout: 300_000 } });
