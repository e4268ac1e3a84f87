import { computed } from "@preact/signals";
import { showPage } from "../kit";
import "./approvals.css";
import { ApprovalsPage } from "./ApprovalsPage";
import { t } from "./words";

showPage(
  computed(() => t.value.title),
  ApprovalsPage,
);
