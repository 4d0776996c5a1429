// Builds the dashboard: everything in files of its own, nothing inline, no address outside of this service.
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { "/huizong.v1": "http://127.0.0.1:7411", "/v1": "http://127.0.0.1:7411", "/session": "http://127.0.0.1:7411" } },
});
