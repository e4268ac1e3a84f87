import { computed } from "@preact/signals";
import { showPage } from "../kit";
import "./sites.css";
import { SitesPage } from "./SitesPage";
import { t } from "./words";

showPage(
  computed(() => t.value.title),
  SitesPage,
);
