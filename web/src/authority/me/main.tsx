import "../kit/styles";
import { computed } from "@preact/signals";
import { showPage } from "../kit";
import { MePage, words } from "./MePage";

showPage(
  computed(() => words.value.title),
  MePage,
);
