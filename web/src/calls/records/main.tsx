import { computed } from "@preact/signals";
import { show } from "../../network/Shell";
import { RecordsPage } from "./RecordsPage";
import "../../network/network.css";
import "./records.css";
import { t } from "./words";

show(
  computed(() => t.value.title),
  RecordsPage,
);
