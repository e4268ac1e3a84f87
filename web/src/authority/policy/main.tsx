import { computed } from "@preact/signals";
import { showPage } from "../kit";
import "./policy.css";
import { PolicyPage } from "./PolicyPage";
import { t } from "./words";

showPage(
  computed(() => t.value.title),
  PolicyPage,
);
