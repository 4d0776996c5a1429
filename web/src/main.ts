// Starts the dashboard. Pages are loaded when they are first looked at.
import { createApp, watch } from "vue";
import { createRouter, createWebHashHistory } from "vue-router";
import App from "./App.vue";
import { language, learnLanguage } from "./core/language";
import { begin, forget } from "./core/place";
import { caller, recognise } from "./core/session";
import { tellTabs } from "./core/ways";
import { PAGES } from "./pages";
import "./style.css";

const Nothing = { render: () => null };
const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    // Where it leads depends on who signs in (App.vue).
    { path: "/", component: Nothing },
    ...PAGES.map(({ path, load }) => ({ path, component: load })),
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

// Who calls is asked meanwhile.
void learnLanguage(language.value).then(() => createApp(App).use(router).mount("#app"));
watch(caller, (known, before) => {
  // What one has looked at is no beginning for another.
  if (before && !known?.unrestricted && before.principal !== known?.principal) void router.replace("/");
  forget();
  if (known) void begin();
}, { flush: "sync" });
// Whoever comes back from the identity provider has signed in: other tabs that wait for that go on.
void recognise().then(() => caller.value && tellTabs());
