import { computed } from "@preact/signals";
import { showPage } from "../kit";
import "./directory.css";
import { DirectoryPage } from "./DirectoryPage";
import { t } from "./words";

showPage(
  computed(() => t.value.title),
  DirectoryPage,
);
