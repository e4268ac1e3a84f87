/** Texts of the forecasts of bearers, in both languages. */

const en = {
  of: "Forecast of",
  speaks: (end: string) => `speaks until ${end}`,
  ahead: (start: string) => `speaks from ${start} on`,
  over: (end: string) => `ended ${end}: only what is measured counts`,
  unread: "none read yet: only what is measured counts",
};

const it: typeof en = {
  of: "Previsione di",
  speaks: (end) => `vale fino al ${end}`,
  ahead: (start) => `vale dal ${start}`,
  over: (end) => `finita il ${end}: conta solo ciò che si misura`,
  unread: "non ancora letta: conta solo ciò che si misura",
};

export const forecastWords = { it, en };
