import "../kit/styles";
import "./start.css";
import { computed } from "@preact/signals";
import { showPage } from "../kit";
import { StartPage, words } from "./StartPage";

showPage(
  computed(() => words.value.title),
  StartPage,
);
