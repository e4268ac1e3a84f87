import { computed } from "@preact/signals";
import { allowMapWorker } from "../globe/worker";
import "../network/network.css";
import { show } from "../network/Shell";
import "./fleet.css";
import { FleetPage } from "./FleetPage";
import { t } from "./words";

allowMapWorker();
show(
  computed(() => t.value.title),
  FleetPage,
);
