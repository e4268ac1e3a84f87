import { computed } from "@preact/signals";
import { showPage } from "../authority/kit";
import { allowMapWorker } from "../globe/worker";
import "./desk.css";
import "./compose.css";
import "./release.css";
import { DeskPage } from "./DeskPage";
import { t } from "./words";

allowMapWorker();
showPage(
  computed(() => t.value.title),
  DeskPage,
);
