/** Every question of the duty desk to the authority. */

import { query, read, send } from "../authority/api";
import type { Json } from "../authority/shapes/json";
import { foreignAlerts } from "./foreignShapes";
import * as shapes from "./shapes";
import { standingWarnings } from "./standingShapes";

const AT = "/warnings";
const segment = encodeURIComponent;

export const getDesk = () => read(`${AT}/desk`, shapes.desk);
export const findPlaces = (q: string) => read(`${AT}/places${query({ q })}`, shapes.places);
export const getTemplate = (id: string) => read(`${AT}/templates/${segment(id)}`, shapes.template);
export const previewArea = (area: Json) => send(`${AT}/preview`, { area }, shapes.preview);
export const checkDraft = (draft: Json) => send(`${AT}/check`, { draft }, shapes.checked);
export const getWarnings = () => read(AT, shapes.warnings);
export const getWarning = (id: string) => read(`${AT}/${segment(id)}`, shapes.fullWarning);
export const getForeignAlerts = () => read(`${AT}/feeds`, foreignAlerts);
export const getStanding = () => read(`${AT}/standing`, standingWarnings);
export const withdrawStanding = (id: string) =>
  send(`${AT}/standing/${segment(id)}/withdraw`, {}, standingWarnings);
export const getReach = (id: string) => read(`${AT}/${segment(id)}/reach`, shapes.reached);
export const cancelWarning = (id: string, cancel: Json) =>
  send(`${AT}/${segment(id)}/cancel`, { cancel }, shapes.fullWarning);
export const makeHandset = (name: string, lat_deg: number, lon_deg: number) =>
  send(`${AT}/handsets`, { name, lat_deg, lon_deg }, shapes.handsetLink);
