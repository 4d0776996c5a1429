// Starts the dashboard. Pages are loaded when they are first looked at.
import { createApp, watch } from "vue";
import { createRouter, createWebHashHistory } from "vue-router";
import App from "./App.vue";
import { begin, forget } from "./core/place";
import { caller, recognise } from "./core/session";
import { tellTabs } from "./core/ways";
import "./style.css";

const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: "/", component: () => import("./pages/Overview.vue") },
    { path: "/form", component: () => import("./pages/FormPage.vue") },
    { path: "/frozen", component: () => import("./pages/Frozen.vue") },
    { path: "/progress", component: () => import("./pages/Progress.vue") },
    { path: "/report", component: () => import("./pages/Report.vue") },
    { path: "/submit", component: () => import("./pages/Submit.vue") },
    { path: "/reconcile", component: () => import("./pages/Reconcile.vue") },
    { path: "/rules", component: () => import("./pages/Rules.vue") },
    { path: "/journal", component: () => import("./pages/Journal.vue") },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

createApp(App).use(router).mount("#app");
watch(caller, (known) => {
  forget();
  if (known) void begin();
}, { flush: "sync" });
// Whoever comes back from the identity provider has signed in: other tabs that wait for that go on.
void recognise().then(() => caller.value && tellTabs());
