import { computed } from "@preact/signals";
import { NetworkPage } from "./NetworkPage";
import "./network.css";
import "./matrix.css";
import "./told.css";
import { show } from "./Shell";
import { t } from "./words";

show(
  computed(() => t.value.title),
  NetworkPage,
);
