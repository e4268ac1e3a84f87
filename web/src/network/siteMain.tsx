import { computed } from "@preact/signals";
import { SitePage } from "./SitePage";
import "./network.css";
import "./matrix.css";
import "./told.css";
import { show } from "./Shell";
import { t } from "./words";

show(
  computed(() => t.value.title),
  SitePage,
);
