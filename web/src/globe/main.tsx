import "../frame/fonts.css";
import "../frame/frame.css";
import "../frame/person.css";
import "../frame/publicWarnings.css";
import "../frame/controls.css";
import "./globe.css";
import "./side.css";
import "./panel.css";
import "./path.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { words } from "../frame/language";
import { refreshConsole } from "../frame/state";
import { GlobePage } from "./GlobePage";
import { allowMapWorker } from "./worker";

allowMapWorker();
refreshConsole();
effect(() => {
  document.title = `${words.value.globe} · ${words.value.name}`;
});
const page = document.getElementById("page");
if (page) render(<GlobePage />, page);
