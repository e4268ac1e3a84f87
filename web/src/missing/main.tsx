import "../frame/fonts.css";
import "../frame/frame.css";
import "../frame/person.css";
import "../frame/controls.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { words } from "../frame/language";
import { PageFrame } from "../frame/PageFrame";
import { connection, consoleInfo, refreshClock, refreshConsole } from "../frame/state";

function Missing() {
  const t = words.value;
  return (
    <PageFrame path="">
      <section class="missing">
        <p class="missing-number">404</p>
        <h1>{t.missingTitle}</h1>
        <p>{t.missingText}</p>
        <a class="button" href="/">
          {t.missingBack}
        </a>
      </section>
    </PageFrame>
  );
}

refreshConsole();
void refreshClock();
effect(() => {
  if (consoleInfo.value) connection.value = { state: "connected" };
});
effect(() => {
  document.title = `${words.value.missingTitle} · ${words.value.name}`;
});
const page = document.getElementById("page");
if (page) render(<Missing />, page);
