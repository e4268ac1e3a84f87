import { computed } from "@preact/signals";
import { SitePage } from "./SitePage";
import "./network.css";
import { show } from "./Shell";
import { t } from "./words";

show(
  computed(() => t.value.title),
  SitePage,
);
