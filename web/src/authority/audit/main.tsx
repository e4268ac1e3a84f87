import { computed } from "@preact/signals";
import { showPage } from "../kit";
import "./audit.css";
import { AuditPage } from "./AuditPage";
import { t } from "./words";

showPage(
  computed(() => t.value.title),
  AuditPage,
);
