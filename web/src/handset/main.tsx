import "../frame/fonts.css";
import "../frame/frame.css";
import "../frame/controls.css";
import "./handset.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { words } from "../frame/language";
import { HandsetPage } from "./HandsetPage";
import { start } from "./listening";
import { t } from "./words";

effect(() => {
  document.title = `${t.value.title} · ${words.value.name}`;
});
const page = document.getElementById("page");
if (page) render(<HandsetPage />, page);
void start();
