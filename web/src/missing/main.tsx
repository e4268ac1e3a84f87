import "../frame/fonts.css";
import "../frame/frame.css";
import "../frame/person.css";
import "../frame/publicWarnings.css";
import "../frame/controls.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { homeOf, me } from "../frame/authority";
import { words } from "../frame/language";
import { PageFrame } from "../frame/PageFrame";
import { connection, consoleInfo, refreshConsole } from "../frame/state";

function Missing() {
  const t = words.value;
  const home = homeOf(consoleInfo.value?.pages, me.value);
  return (
    <PageFrame path="">
      <section class="missing">
        <p class="missing-number">404</p>
        <h1>{t.missingTitle}</h1>
        <p>{t.missingText}</p>
        <a class="button" href={home}>
          {home === "/" ? t.missingBack : t.missingHome}
        </a>
      </section>
    </PageFrame>
  );
}

refreshConsole();
effect(() => {
  if (consoleInfo.value) connection.value = { state: "connected" };
});
effect(() => {
  document.title = `${words.value.missingTitle} · ${words.value.name}`;
});
const page = document.getElementById("page");
if (page) render(<Missing />, page);
